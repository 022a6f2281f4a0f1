"""Find the variables without which the settings fail, and the project's own functions that read variables."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from django_k8s.adopt.tree import Tree, called, dotted, literal

Reads = dict[str, str]  # the name to which a variable is assigned, and the variable


def refused(module: ast.Module, readers: dict[str, str]) -> set[str]:
    """Return the variables without which a module raises an error at its top level, or Django has no SECRET_KEY.

    ``readers`` has the variable that a node reads, by the text of the node.
    """
    found: set[str] = set()
    assigned: Reads = {}
    for node in module.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = readers.get(ast.unparse(node.value), "")
            assigned[node.targets[0].id] = name
            if node.targets[0].id == "SECRET_KEY" and name:
                found.add(name)  # the key is empty, because readers have no default
        elif isinstance(node, ast.If) and _raises(node.body):
            found |= _absent(node.test, assigned, readers) or set()
    return found


def own_readers(tree: Tree, files: list[str]) -> dict[str, bool]:
    """Return the functions in the settings files that read a variable, and whether each fails without it."""
    return {
        node.name: _fails(node)
        for file in files
        if (module := tree.parsed(file))
        for node in module.body
        if isinstance(node, ast.FunctionDef) and node.args.args and _reads(node)
    }


def _reads(function: ast.FunctionDef) -> bool:
    """Return whether a function reads the variable that its first parameter names."""
    name = re.escape(function.args.args[0].arg)
    return bool(
        re.search(rf"(environ|getenv)\W[\w.(]*{name}\b|\b{name} in os\.environ", ast.unparse(function))
    )


def _fails(function: ast.FunctionDef) -> bool:
    """Return whether a function raises if the variable is missing."""
    guarded: set[int] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.ExceptHandler) and _raises(node.body):
            return True
        if isinstance(node, ast.If):
            if _raises(node.body) and _is_absence(node.test):
                return True
            if "in os.environ" in ast.unparse(node.test):
                guarded |= {id(one) for part in node.body for one in ast.walk(part)}
        if isinstance(node, ast.Try):
            guarded |= {id(one) for part in node.body for one in ast.walk(part)}
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and dotted(node.value).endswith("environ")
        and id(node) not in guarded
        for node in ast.walk(function)
    )


def _is_absence(test: ast.expr) -> bool:
    return (
        isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Name)
    ) or (isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is | ast.NotIn | ast.Eq))


def _raises(body: list[ast.stmt]) -> bool:
    """Return whether a branch ends the program. If it tests debug mode, what it does in production counts."""
    for node in body:
        if isinstance(node, ast.Raise) or (
            isinstance(node, ast.Expr) and called(node.value) in ("sys.exit", "exit")
        ):
            return True
        if isinstance(node, ast.If) and _debug(node.test) is not None:
            part = node.orelse if _debug(node.test) else node.body
            if _raises(part):
                return True
    return False


def _debug(test: ast.expr) -> bool | None:
    """Return True if a test is for debug mode, False if it is for production, and None for anything else."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        inner = _debug(test.operand)
        return None if inner is None else not inner
    return True if dotted(test).rpartition(".")[2] == "DEBUG" else None


def _absent(test: ast.expr, assigned: Reads, readers: dict[str, str]) -> set[str] | None:
    """Return the variables whose absence a test detects, or None if it depends on something else."""

    def variable(node: ast.expr) -> str:
        return readers.get(ast.unparse(node), "") or assigned.get(dotted(node), "")

    if isinstance(test, ast.BoolOp):
        parts = [one for one in test.values if _debug(one) is not False]
        found = [_absent(one, assigned, readers) for one in parts]
        if isinstance(test.op, ast.And) and len(parts) > 1:
            return None
        return None if None in found else {name for one in found for name in one or ()}
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        name = variable(test.operand)
        return {name} if name else None
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        left, operation, right = test.left, test.ops[0], test.comparators[0]
        if isinstance(operation, ast.NotIn) and dotted(right).endswith("environ"):
            return {str(literal(left))} if isinstance(literal(left), str) else None
        empty = list(_values(right)) if isinstance(operation, ast.Is | ast.Eq | ast.In) else []
        if (name := variable(left)) and any(one in (None, "") for one in empty):
            return {name}
    return None


def _values(node: ast.expr) -> Iterator[object]:
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        yield from (literal(one) for one in node.elts)
    elif isinstance(node, ast.Constant):
        yield node.value
