"""The variable that switches Django's debug mode off in the project's own settings, where it is on by default."""

from __future__ import annotations

import ast

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import variables
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.tree import Tree

# What readers of variables take for no: the likeliest first.
_OFF = ("False", "0", "false", "no", "")
_YES = (True, 1, "1", "True", "true", "TRUE", "yes", "on")


def debug(tree: Tree, settings: Defined) -> Fact:
    """Return the variable and a value with which the settings do not take debug mode for on; None if none is needed.

    What the settings do in debug mode, such as adding a toolbar, they do before the module for Kubernetes sets DEBUG.
    """
    declared: dict[str, object] = {}
    for file in settings.files:
        declared |= variables.declared(tree.parsed(file))
    nodes, place = settings.nodes.get("DEBUG", []), settings.places.get("DEBUG", "")
    for node in ast.walk(nodes[-1]) if nodes else ():
        one = variables.read_by(place.rpartition(":")[0], node)
        if one is not None and _is_on(node, one.name, declared):
            value = "0" if "int(" in ast.unparse(nodes[-1]) else _OFF[0]
            return Fact("debug_variable", {"name": one.name, "value": value}, place, "likely")
    return Fact("debug_variable", None, place or "the settings do not set DEBUG")


def candidates(value: str) -> list[str]:
    """Return the values to try, ``value`` first."""
    return list(dict.fromkeys((value, *_OFF)))


def _is_on(node: ast.AST, name: str, declared: dict[str, object]) -> bool:
    """Return whether debug mode is on without the variable, or nothing loads without it."""
    if not isinstance(node, ast.Call):
        return "DEBUG" in name  # os.environ["DEBUG"]: it has to be set
    given = [*node.args[1:2], *(one.value for one in node.keywords if one.arg in ("default", "fallback"))]
    if not given and name in declared:
        return declared[name] in _YES
    if not given:
        return "DEBUG" in name and not variables.has_none(node)
    return isinstance(given[0], ast.Constant) and given[0].value in _YES
