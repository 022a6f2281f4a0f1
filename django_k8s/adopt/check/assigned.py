"""The values that the settings have in production, according to their text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from django_k8s.adopt.tree import Tree, called, dotted, line, literal, words

_READER = re.compile(r"(?i)env|^config$|\.config$|secret")
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
_DEVELOPMENT = ("DEBUG", "TESTING", "TEST", "LOCAL", "sys.argv", "settings.DEBUG")


@dataclass(frozen=True)
class Assigned:
    """One value of a setting, or an addition to it."""

    node: ast.expr
    place: str
    whole: bool = True  # not an addition, and not one key
    certain: bool = True  # not below a condition

    @property
    def value(self) -> object:
        """Return the value if it is a literal, else None."""
        return literal(self.node)


class Values:
    """The values of the settings in ``files``: first those of the production module, then those that it imports."""

    def __init__(self, tree: Tree, files: list[str]) -> None:
        self._found: dict[str, list[Assigned]] = {}
        for file in reversed(files):
            module = tree.parsed(file)
            for name, one in _statements(file, module.body if module else [], certain=True):
                if one.whole and one.certain:
                    self._found[name] = []
                self._found.setdefault(name, []).append(one)

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def names(self) -> Iterator[str]:
        """Return the names of all settings."""
        return iter(sorted(self._found))

    def all(self, name: str) -> list[Assigned]:
        """Return the values that production may have: the last certain one, and those after it."""
        return self._found.get(name, [])

    def value(self, name: str) -> object:
        """Return the literal value, if there is only one and it is certain; else None."""
        found = self.all(name)
        return found[0].value if len(found) == 1 and found[0].certain else None

    def words(self, name: str) -> list[str]:
        """Return every string in the values that production may have."""
        return [word for one in self.all(name) for word in words(one.node)]

    def place(self, name: str) -> str:
        """Return where a setting is assigned, or an empty string if it is not."""
        return next((one.place for one in self.all(name)), "")

    def word_place(self, name: str, word: str) -> str:
        """Return the place of a string in a setting."""
        for one in self.all(name):
            for node in ast.walk(one.node):
                if isinstance(node, ast.Constant) and node.value == word:
                    return f"{one.place.rpartition(':')[0]}:{node.lineno}"
        return self.place(name)


def read_variable(node: ast.AST) -> str:
    """Return the environment variable that a call such as ``env("NAME")`` reads, or an empty string."""
    if isinstance(node, ast.Subscript) and dotted(node.value).endswith("environ"):
        name = literal(node.slice)
        return name if isinstance(name, str) else ""
    if not isinstance(node, ast.Call) or not _READER.search(called(node)):
        return ""
    named = next(
        (literal(one.value) for one in node.keywords if one.arg in ("var", "name", "key", "env")), None
    )
    name = named if named is not None else literal(node.args[0]) if node.args else None
    if isinstance(name, str) and _VARIABLE.fullmatch(name):
        return name
    return "DATABASE_URL" if called(node).startswith("dj_database_url") else ""


def default_of(node: ast.Call) -> object:
    """Return the literal default of a call that reads a variable, or None."""
    for one in node.keywords:
        if one.arg in ("default", "fallback"):
            return literal(one.value)
    return literal(node.args[1]) if len(node.args) > 1 else None


def _statements(file: str, body: list[ast.stmt], *, certain: bool) -> Iterator[tuple[str, Assigned]]:
    for node in body:
        place = line(file, node)
        match node:
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    yield from _target(target, value, place, certain=certain)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield from _target(target, value, place, certain=certain)
            case ast.AugAssign(target=target, value=value):
                yield from _target(target, value, place, certain=certain, whole=False)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=target), args=[*_, value])):
                yield from _target(target, value, place, certain=certain, whole=False)
            case ast.If(test=test, body=inner, orelse=other):
                if not development(test):
                    yield from _statements(file, inner, certain=False)
                yield from _statements(file, other, certain=False)
            case ast.Try(body=inner, handlers=handlers, orelse=other, finalbody=last):
                yield from _statements(file, inner, certain=certain)
                for handler in handlers:
                    yield from _statements(file, handler.body, certain=False)
                yield from _statements(file, [*other, *last], certain=certain)
            case ast.With(body=inner) | ast.For(body=inner) | ast.While(body=inner):
                yield from _statements(file, inner, certain=False)


def _target(
    target: ast.expr, value: ast.expr, place: str, *, certain: bool, whole: bool = True
) -> Iterator[tuple[str, Assigned]]:
    whole = whole and isinstance(target, ast.Name)
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    name = dotted(target)
    if name and name.isupper():
        yield name, Assigned(value, place, whole, certain)


def development(test: ast.expr) -> bool:
    """Return whether a condition holds in development or tests only."""
    text = ast.unparse(test)
    if text.startswith("not ") or isinstance(test, ast.BoolOp):
        return False
    return any(word in text for word in _DEVELOPMENT)
