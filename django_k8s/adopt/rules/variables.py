"""The environment variables that the project's settings read."""

from __future__ import annotations

import ast
import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace

from django_k8s.adopt.facts import Variable
from django_k8s.adopt.rules import missing
from django_k8s.adopt.tree import Tree, called, dotted, line, literal

_READERS = re.compile(
    r"(^|\.)(getenv|env|config|get_env|getenv_bool|env_[a-z]+|get_[a-z_]*env[a-z_]*|[a-z]*env[a-z]*|environ\.get|environ\.pop|envbool|envint)$"
)
_METHODS = re.compile(r"(^|\.)([a-z_]*env|Env|secret|decouple)\.[a-z_]+$")
_NAME = re.compile(r"[A-Z][A-Z0-9_]{2,}")
_SECRET = re.compile(
    r"SECRET|PASSWORD|PASSWD|TOKEN|PRIVATE|CREDENTIAL|API_?KEY|ACCESS_KEY|_KEY$|^KEY_|DSN|_PASS$|(DATABASE|DB|REDIS|BROKER|CACHE|AMQP|MONGO|EMAIL)[A-Z_]*_UR[IL]$"
)
_DEFAULTS = {"default", "fallback"}


def read(tree: Tree, files: Iterable[str], more: Iterable[Variable] = ()) -> tuple[Variable, ...]:
    """Return the variables that ``files`` read, and ``more``, sorted by name, each with the first place."""
    files = list(files)
    own = missing.own_readers(tree, files)
    found = {one.name: one for one in more}
    for file in files:
        module = tree.parsed(file)
        if module is None:
            continue
        readers: dict[str, str] = {}
        defaults = declared(module)
        for node, branch, prefix in _nodes(module):
            one = read_by(file, node, own)
            if one is None:
                continue
            one = replace(one, name=prefix + one.name)
            if not own.get(called(node), True) or one.name in defaults:
                one = replace(one, default=True)
            if not _has_value(node):
                readers[ast.unparse(node)] = one.name
            if one.name not in found or (found[one.name].default and not one.default):
                found[one.name] = replace(one, branch=branch)
        for name in missing.refused(module, readers) & found.keys():
            found[name] = replace(found[name], default=False, branch=False)
    return tuple(found[name] for name in sorted(found))


def _nodes(node: ast.AST, *, branch: bool = False, prefix: str = "") -> Iterator[tuple[ast.AST, bool, str]]:
    """Yield every node, whether it may not run because it is in a branch or a function, and its variables' prefix."""
    if isinstance(node, ast.With):
        calls = [one.context_expr for one in node.items if called(one.context_expr).endswith(".prefixed")]
        named = [literal(call.args[0]) for call in calls if isinstance(call, ast.Call) and call.args]
        prefix += "".join(one for one in named if isinstance(one, str))
    for child in ast.iter_child_nodes(node):
        yield child, branch, prefix
        inside = isinstance(child, ast.If | ast.IfExp | ast.Try | ast.FunctionDef | ast.Lambda | ast.ClassDef)
        yield from _nodes(child, branch=branch or inside, prefix=prefix)


def declared(module: ast.Module | None) -> dict[str, object]:
    """Return the defaults that a module passes to django-environ's Env, such as ``DEBUG=(bool, False)``."""
    return {
        keyword.arg: literal(keyword.value.elts[1])
        for node in (ast.walk(module) if module else ())
        if called(node).endswith("Env") and isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg and isinstance(keyword.value, ast.Tuple) and len(keyword.value.elts) == 2
    }


def secret(name: str) -> bool:
    """Return whether a variable's name suggests that its value is a secret."""
    return bool(_SECRET.search(name))


def defaults(call: ast.AST) -> list[ast.expr]:
    """Return the default that a call passes when it reads a variable: a list of one expression, or an empty list."""
    if not isinstance(call, ast.Call):
        return []
    return [*call.args[1:2], *(word.value for word in call.keywords if word.arg in _DEFAULTS)]


def read_by(file: str, node: ast.AST, own: Container[str] = ()) -> Variable | None:
    """Return the variable that a node reads, or None. ``own`` are the project's functions that read variables."""
    if (
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Load)
        and dotted(node.value).rpartition(".")[2] in ("environ", "env", "ENV", "Env")
    ):
        name = literal(node.slice)
        return _variable(name, line(file, node), default=False)
    function = called(node)
    if not isinstance(node, ast.Call) or not function or not node.args:
        return None
    if function.endswith(".prefixed"):
        return None
    if not (function in own or _READERS.search(function) or _METHODS.search(function)) or function.endswith(
        (".setdefault", ".update")
    ):
        return None
    return _variable(literal(node.args[0]), line(file, node), default=bool(defaults(node)) or has_none(node))


def has_none(node: ast.Call) -> bool:
    """Return whether a call returns None if the variable is not set, as os.environ.get and os.getenv do."""
    return called(node).endswith(("environ.get", "getenv"))


def _has_value(node: ast.AST) -> bool:
    """Return whether a call that reads a variable has a default that is neither empty nor None."""
    if not isinstance(node, ast.Call):
        return False
    given = [*node.args[1:2], *(one.value for one in node.keywords if one.arg in _DEFAULTS)]
    return bool(given) and not (isinstance(given[0], ast.Constant) and given[0].value in (None, ""))


def _variable(name: object, place: str, *, default: bool) -> Variable | None:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        return None
    return Variable(name, place, default, secret(name))
