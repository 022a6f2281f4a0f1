"""Find the variable that makes the project's own settings use PostgreSQL, where their default is another engine."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import variables
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.tree import Tree, line, literal, words

_POSTGRES = "django.db.backends.postgresql"


def engine(tree: Tree, settings: Defined, database: str) -> Fact:
    """Return the variable and the value with which the settings use PostgreSQL; None if there is no such variable.

    The module for Kubernetes sets the database in any case. But the settings may do other things that depend on the
    engine, such as choose a way to search.
    """
    place = settings.places.get("DATABASES", "")
    found = list(_chosen(tree, settings)) if "postg" in database else []
    if not found:
        return Fact("engine_variable", None, place or "the settings name no database")
    name, value, source = found[0]
    return Fact("engine_variable", {"name": name, "value": value}, source, "likely")


def _chosen(tree: Tree, settings: Defined) -> Iterator[tuple[str, str, str]]:
    for file in settings.files:
        module = tree.parsed(file)
        assigned: dict[str, ast.expr] = {}
        for node in ast.walk(module) if module else ():
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                assigned[node.targets[0].id] = node.value
        for node in ast.walk(module) if module else ():
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values, strict=True):
                    read = _read(file, value, assigned) if literal(key) == "ENGINE" else None
                    if read and _is_other(read[1]):
                        yield read[0], _POSTGRES, line(file, value)
            elif isinstance(node, ast.If) and isinstance(test := node.test, ast.Compare):
                read, wanted = _read(file, test.left, assigned), literal(test.comparators[0])
                if not read or not isinstance(wanted, str) or not isinstance(test.ops[0], ast.Eq):
                    continue
                named = any(
                    "postg" in word and "backends" in word for inner in node.body for word in words(inner)
                )
                if named and read[1] != wanted:
                    yield read[0], wanted, line(file, node)


def _read(file: str, node: ast.AST, assigned: dict[str, ast.expr]) -> tuple[str, object] | None:
    """Return the variable that a value reads, and its default, which may also follow ``or``."""
    if isinstance(node, ast.Name) and node.id in assigned:
        node = assigned[node.id]
    other: object = None
    if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
        other, node = literal(node.values[-1]), node.values[0]
    one = variables.read_by(file, node)
    if one is None:
        return None
    given = variables.defaults(node)
    return one.name, literal(given[0]) if given else other


def _is_other(engine: object) -> bool:
    return engine is None or (isinstance(engine, str) and "postg" not in engine)
