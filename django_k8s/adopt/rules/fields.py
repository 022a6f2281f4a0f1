"""The environment variables of the fields of pydantic's settings classes, which no call mentions."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django_k8s.adopt.facts import Variable
from django_k8s.adopt.rules import imports, variables
from django_k8s.adopt.tree import Tree, called, dotted, line, literal


@dataclass
class _Class:
    """A class with annotated fields, and the file that it is in."""

    file: str
    node: ast.ClassDef
    bases: list[str] = field(default_factory=list)


def read(tree: Tree, project: str, files: Iterable[str]) -> dict[str, Variable]:
    """Return the variables of each settings class that ``files``, or the files that they import, instantiate.

    The key is the field's name in pydantic's messages: ``Class.field``, or ``Class.outer.inner``.
    """
    known: dict[str, _Class] = {}
    made: set[str] = set()
    for file in dict.fromkeys([*files, *_imported(tree, project, files)]):
        for node in ast.walk(tree.parsed(file) or ast.Module([], [])):
            if isinstance(node, ast.ClassDef):
                bases = [dotted(one).rpartition(".")[2] for one in node.bases]
                known.setdefault(node.name, _Class(file, node, bases))
            elif isinstance(node, ast.Call):
                made.add(called(node).rpartition(".")[2])
                made |= {dotted(one.value) for one in node.keywords if one.arg == "default_factory"}
    found: dict[str, Variable] = {}
    for name in sorted(made & known.keys()):
        if _derives(known, name, "BaseSettings"):
            options = _options(known, name)
            for key, one in _fields(known, name, str(options.get("env_prefix") or ""), options):
                found[f"{name}.{key}"] = one
    return found


def _imported(tree: Tree, project: str, files: Iterable[str]) -> Iterator[str]:
    """Yield the project's files that ``files`` import at the top, and the files that those import."""
    for file in files:
        for one in imports.own(tree, project, file):
            yield one
            yield from imports.own(tree, project, one)


def _derives(known: dict[str, _Class], name: str, base: str, depth: int = 5) -> bool:
    bases = known[name].bases if name in known and depth else []
    return base in bases or any(_derives(known, one, base, depth - 1) for one in bases)


def _family(known: dict[str, _Class], name: str, below: frozenset[str] = frozenset()) -> list[_Class]:
    """Return a class and its bases that the project defines, the class itself last."""
    if name not in known or name in below:  # another class of the same name may be its own base
        return []
    below |= {name}
    return [one for base in known[name].bases for one in _family(known, base, below)] + [known[name]]


def _options(known: dict[str, _Class], name: str) -> dict[str, object]:
    """Return the options of a class, from ``model_config`` or its inner class Config."""
    found: dict[str, object] = {}
    for one in _family(known, name):
        for node in one.node.body:
            match node:
                case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Call(keywords=keywords)):
                    found |= {word.arg: literal(word.value) for word in keywords if word.arg}
                case ast.Assign(targets=[ast.Name(id="model_config")], value=ast.Dict() as value):
                    given = literal(value)
                    found |= given if isinstance(given, dict) else {}
                case ast.ClassDef(name="Config", body=body):
                    for inner in body:
                        if isinstance(inner, ast.Assign):
                            found[dotted(inner.targets[0])] = literal(inner.value)
    return found


def _fields(
    known: dict[str, _Class], name: str, prefix: str, options: dict[str, object], depth: int = 3
) -> Iterator[tuple[str, Variable]]:
    for one in _family(known, name):
        for node in one.node.body:
            if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
                continue
            kind, own = ast.unparse(node.annotation), node.target.id
            if own.startswith("_") or own == "model_config" or "ClassVar" in kind:
                continue
            alias = _alias(node)
            variable = (alias or prefix + own).upper()
            default = not _is_required(node)
            delimiter = options.get("env_nested_delimiter")
            if (
                not default
                and isinstance(delimiter, str)
                and delimiter
                and depth
                and _derives(known, kind, "BaseModel")
            ):
                inner = _fields(known, kind, f"{variable}{delimiter}", options, depth - 1)
                yield from ((f"{own}.{key}", found) for key, found in inner)
                continue
            secret = variables.secret(variable) or "Secret" in kind
            yield alias or own, Variable(variable, line(one.file, node), default, secret)


def _alias(node: ast.AnnAssign) -> str:
    """Return the alias of a field, or an empty string."""
    for call in ast.walk(node):
        if called(call).rpartition(".")[2] == "Field" and isinstance(call, ast.Call):
            for word in call.keywords:
                if word.arg in ("alias", "validation_alias"):
                    value = word.value
                    if isinstance(value, ast.Call) and value.args:  # AliasChoices: the first one
                        value = value.args[0]
                    if isinstance(given := literal(value), str):
                        return given
    return ""


def _is_required(node: ast.AnnAssign) -> bool:
    """Return whether a field has no default."""
    value = node.value
    if isinstance(value, ast.Call) and called(value).rpartition(".")[2] == "Field":
        if value.args:
            return literal(value.args[0]) is ...
        return not any(word.arg in ("default", "default_factory") for word in value.keywords)
    return value is None or literal(value) is ...
