"""The settings that a module defines: names, places and literal values. They are read without running it."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from django_k8s.adopt.rules.settings_module import folders
from django_k8s.adopt.tree import Tree, dotted, line, literal, words


@dataclass
class Defined:
    """The settings of a module, as far as its text tells."""

    files: list[str] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)  # the last assignment of each name, as file:line
    nodes: dict[str, list[ast.expr]] = field(default_factory=dict)  # every value assigned or added
    imported: set[str] = field(default_factory=set)  # packages that are imported at the top
    others: set[str] = field(default_factory=set)  # other public names: imports, functions, lower case
    conditional: set[str] = field(default_factory=set)  # settings that are assigned in a branch
    broken: str = ""  # the first file with a syntax error

    def value(self, name: str) -> object:
        """Return the literal value of the last assignment, or None."""
        nodes = self.nodes.get(name, [])
        return literal(nodes[-1]) if nodes else None

    def words(self, name: str) -> list[str]:
        """Return every string in the values that are assigned to a name, or added to it."""
        return [word for node in self.nodes.get(name, []) for word in words(node)]


def defined(tree: Tree, project: str, module: str) -> Defined:
    """Return what ``module`` and the modules that it imports with ``*`` define."""
    result = Defined()
    _follow(tree, project, tree.module_file(module, folders(project)), result)
    return result


def _follow(tree: Tree, project: str, file: str, result: Defined) -> None:
    if not file or file in result.files:
        return
    result.files.append(file)
    module = tree.parsed(file)
    if module is None:
        result.broken = result.broken or file
        return
    for node in module.body:
        if isinstance(node, ast.Import):
            result.imported.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            result.imported.add(node.module.split(".")[0])
    _statements(tree, project, file, module.body, result)


def _statements(
    tree: Tree, project: str, file: str, body: list[ast.stmt], result: Defined, *, branch: bool = False
) -> None:
    before = dict(result.places)
    for node in body:
        match node:
            case ast.ImportFrom(names=[ast.alias(name="*")]):
                _follow(tree, project, _imported(tree, project, file, node), result)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                for alias in aliases:
                    name = (alias.asname or alias.name).split(".")[0]
                    _define(result, name, line(file, node), None)
            case ast.Assign(targets=targets, value=value):
                for target in targets:
                    for one in target.elts if isinstance(target, ast.Tuple) else [target]:
                        _assign(result, one, value, line(file, node))
            case ast.AnnAssign(target=target, value=value):
                if value is not None:
                    _assign(result, target, value, line(file, node))
            case ast.AugAssign(target=target, value=value):
                _assign(result, target, value, line(file, node), add=True)
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=of), args=arguments)) if arguments:
                _assign(result, of, arguments[-1], line(file, node), add=True)
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                _define(result, name, line(file, node), None)
            case ast.If() | ast.For() | ast.While() | ast.With() | ast.Try():
                # Either branch may run.
                for part in ("body", "handlers", "orelse", "finalbody"):
                    for inner in getattr(node, part, []):
                        inside = inner.body if isinstance(inner, ast.ExceptHandler) else [inner]
                        _statements(tree, project, file, inside, result, branch=True)
    if branch:
        result.conditional |= {name for name, place in result.places.items() if before.get(name) != place}


def _assign(result: Defined, target: ast.expr, value: ast.expr, place: str, *, add: bool = False) -> None:
    whole = isinstance(target, ast.Name)
    while isinstance(target, ast.Subscript | ast.Attribute):
        target = target.value
    name = dotted(target)
    if not name:
        return
    if add or not whole:
        if name in result.nodes:
            result.nodes[name].append(value)
        return
    _define(result, name, place, value)


def _define(result: Defined, name: str, place: str, value: ast.expr | None) -> None:
    if name.isupper() and not name.startswith("_"):
        result.places[name] = place
        if value is not None:
            result.nodes.setdefault(name, []).append(value)
    elif not name.startswith("_"):
        result.others.add(name)


def _imported(tree: Tree, project: str, file: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return tree.module_file(node.module or "", folders(project))
    base = PurePosixPath(file).parent
    for _ in range(node.level - 1):
        base = base.parent
    start = "" if base.as_posix() == "." else f"{base.as_posix()}/"
    path = start + (node.module or "").replace(".", "/")
    return next((path + end for end in (".py", "/__init__.py") if path + end in tree), "")
