"""The variable that switches Django's debug mode off in the project's own settings, where it is on by default."""

from __future__ import annotations

import ast

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import variables
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.tree import literal

# What readers of variables take for no: the likeliest first.
_OFF = ("False", "0", "false", "no", "")
_NO = (False, 0, "", "0", "False", "false", "FALSE", "no", "off", "n", "f")


def debug(settings: Defined) -> Fact:
    """Return the variable and a value with which the settings do not take debug mode for on; None if none is needed.

    What the settings do in debug mode, such as adding a toolbar, they do before the module for Kubernetes sets DEBUG.
    """
    nodes, place = settings.nodes.get("DEBUG", []), settings.places.get("DEBUG", "")
    for node in ast.walk(nodes[-1]) if nodes else ():
        one = variables.read_by(place.rpartition(":")[0], node)
        if one is not None and not _is_off(node):
            value = "0" if "int(" in ast.unparse(nodes[-1]) else _OFF[0]
            return Fact("debug_variable", {"name": one.name, "value": value}, place, "likely")
    return Fact("debug_variable", None, place or "the settings do not set DEBUG")


def candidates(value: str) -> list[str]:
    """Return the values to try, ``value`` first."""
    return list(dict.fromkeys((value, *_OFF)))


def _is_off(node: ast.AST) -> bool:
    """Return whether a call that reads a variable says that debug mode is off without it."""
    if not isinstance(node, ast.Call):
        return False  # os.environ["DEBUG"]: it has to be set
    given = [*node.args[1:2], *(one.value for one in node.keywords if one.arg in ("default", "fallback"))]
    if not given:
        return variables.has_none(node)  # os.environ.get: None
    return (
        any(isinstance(one, ast.Constant) and literal(one) in _NO for one in given)
        or literal(given[0]) is None
    )
