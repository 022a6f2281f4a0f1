"""Find the variable that switches debug mode off in the project's own settings, where it is on by default."""

from __future__ import annotations

import ast

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import variables
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.tree import Tree, called, dotted, literal

# Values that are read as false, the most likely first.
_OFF = ("False", "0", "false", "no", "")
_YES = (True, 1, "1", "True", "true", "TRUE", "yes", "on")


def debug(tree: Tree, settings: Defined) -> Fact:
    """Return the variable and the value with which the settings switch debug mode off; None if none is needed.

    The settings may add a toolbar or the like in debug mode. They do so before the module for Kubernetes sets DEBUG.
    """
    declared: dict[str, object] = {}
    for file in settings.files:
        declared |= variables.declared(tree.parsed(file))
    nodes, place = settings.nodes.get("DEBUG", []), settings.places.get("DEBUG", "")
    found = _turned(place.rpartition(":")[0], nodes[-1]) if nodes else None
    if found or (nodes and isinstance(nodes[-1], ast.UnaryOp)):
        return Fact("debug_variable", found, place, "likely")
    for node in ast.walk(nodes[-1]) if nodes else ():
        one = variables.read_by(place.rpartition(":")[0], node)
        if one is not None and _is_on(node, one.name, declared):
            value = "0" if "int(" in ast.unparse(nodes[-1]) else _OFF[0]
            return Fact("debug_variable", {"name": one.name, "value": value}, place, "likely")
    return Fact("debug_variable", None, place or "the settings do not set DEBUG")


def candidates(value: str) -> list[str]:
    """Return the values to try, ``value`` first."""
    return list(dict.fromkeys((value, *_OFF)))


def _turned(file: str, node: ast.AST) -> dict[str, str] | None:
    """Return a variable and its value if debug mode is on without it, as with `"LIVE" not in os.environ`."""
    if isinstance(node, ast.Call) and called(node) == "bool" and len(node.args) == 1:
        return _turned(file, node.args[0])
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        if isinstance(inner := node.operand, ast.Compare):
            opposite = {ast.In: ast.NotIn, ast.Eq: ast.NotEq}.get(type(inner.ops[0]))
            turned = ast.Compare(inner.left, [opposite()], inner.comparators) if opposite else None
            return _turned(file, turned) if turned else None
        if isinstance(inner, ast.Call) and called(inner) in ("bool", "int") and inner.args:
            inner = inner.args[0]
        one = variables.read_by(file, inner)
        return {"name": one.name, "value": "1"} if one and _default(inner) not in _YES else None
    if not isinstance(node, ast.Compare) or len(node.ops) != 1:
        return None
    left, right = node.left, node.comparators[0]
    if isinstance(node.ops[0], ast.NotIn):
        name = literal(left)
        absent = isinstance(name, str) and dotted(right).endswith("environ")
        return {"name": str(name), "value": "1"} if absent else None
    if isinstance(node.ops[0], ast.NotEq):
        one, value = variables.read_by(file, left), literal(right)
        live = isinstance(value, str) and value and _default(left) != value
        return {"name": one.name, "value": str(value)} if one and live else None
    return None


def _default(node: ast.AST) -> object:
    """Return the default of a variable that a call passes, or None."""
    given = variables.defaults(node)
    return literal(given[0]) if given else None


def _is_on(node: ast.AST, name: str, declared: dict[str, object]) -> bool:
    """Return whether debug mode is on without the variable, or the settings do not load without it."""
    if not isinstance(node, ast.Call):
        return "DEBUG" in name  # os.environ["DEBUG"] has to be set
    given = variables.defaults(node)
    if not given and name in declared:
        return declared[name] in _YES
    if not given:
        return "DEBUG" in name and not variables.has_none(node)
    return isinstance(given[0], ast.Constant) and given[0].value in _YES
