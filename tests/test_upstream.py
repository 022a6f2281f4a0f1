"""The names of other libraries that are not documented: the installed releases have them, and the table is whole."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import textwrap
from collections.abc import Iterator
from functools import cache
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest
from packaging.version import Version

import django_k8s
from django_k8s import upstream
from django_k8s.upstream.name import Name

PACKAGE = Path(django_k8s.__file__).parent
ROOT = Path(__file__).resolve().parent.parent
# Roots of modules that no release is named for: see upstream.TESTED.
WITHOUT_A_RELEASE = {"concurrent", "sys", "newrelic", "asgiref", "google"}
MISSING = object()


def identity(name: Name) -> str:
    return name.path if not name.path.startswith("*") else f"{name.read_by}:{name.path[2:]}"


def present(name: Name) -> bool:
    """Whether the installed release is to have it."""
    distribution = packages_distributions()[name.path.partition(".")[0]][0] if name.since else ""
    return not name.since or Version(version(distribution)) >= Version(name.since)


NAMES = pytest.mark.parametrize("name", [name for name in upstream.NAMES if present(name)], ids=identity)


# What the installed release has


def owner(path: str) -> tuple[Any, str]:
    """The module or class that a path is in, and the last part of the path."""
    module, _, inside = path.partition(":")
    found: Any = importlib.import_module(module)
    *classes, last = inside.split(".")
    for part in classes:
        found = getattr(found, part)
    return found, last


def attribute(holder: Any, name: str) -> Any:
    """What a module or class has under a name, without calling descriptors; MISSING if it has nothing."""
    spaces = [vars(holder)] if isinstance(holder, ModuleType) else [vars(kind) for kind in holder.__mro__]
    return next((space[name] for space in spaces if name in space), MISSING)


@cache
def assigned(kind: type) -> set[str]:
    """The attributes that a class and its bases give their instances: ``self.NAME = ...`` and annotations."""
    found: set[str] = set()
    for base in kind.__mro__[:-1]:
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        except (OSError, TypeError):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
                found.add(node.attr)
            elif isinstance(node, ast.Call):  # self.__dict__.update(maps=...), dataclasses
                found |= {keyword.arg for keyword in node.keywords if keyword.arg}
        found |= set(getattr(base, "__slots__", ()))
    return found


def function(value: Any) -> Any:
    """The function behind a method, a property or a cached property."""
    for part in ("__func__", "fget", "func", "_CachedProperty__get", "__wrapped__"):
        inner = getattr(value, part, None)
        if callable(inner):
            return inner
    getter = getattr(value, "_cached_property__get", None) or getattr(value, "__get", None)
    return getter or value


def mentioned(code: CodeType) -> Iterator[str]:
    """Every name and text in a function and in those inside it."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, str):
            yield constant
        elif isinstance(constant, CodeType):
            yield from mentioned(constant)


def problem(name: Name) -> str:
    """What the installed release lacks of a row, or nothing."""
    last = name.path.rpartition(":")[2].rpartition(".")[2]
    value: Any = MISSING
    if name.path.startswith("*"):
        last = name.path[2:]
    else:
        try:
            holder, _ = owner(name.path)
        except (ImportError, AttributeError) as error:
            return f"is not there: {error}"
        value = attribute(holder, last)
        if value is MISSING and not (isinstance(holder, type) and last in assigned(holder)):
            return "is not there"
    if name.kind:
        kind = getattr(*owner(name.kind))
        if not isinstance(value, kind):
            return f"is no {kind.__name__}"
    if name.call is not None and (wrong := uncallable(value, name.call)):
        return wrong
    if name.read_by:
        try:
            holder, reader = owner(name.read_by)
        except (ImportError, AttributeError) as error:
            return f"cannot be looked up by {name.read_by}, which is not there: {error}"
        code = getattr(function(attribute(holder, reader)), "__code__", None)
        if code is None:
            return f"cannot be looked up by {name.read_by}, which is no function"
        if last not in set(mentioned(code)):
            return f"is not looked up by {name.read_by}"
    return ""


def uncallable(value: Any, call: str) -> str:
    """Why something cannot be called as a row says, or nothing."""
    if not callable(function(value)):
        return "cannot be called"
    plain = function(value)
    parameters = list(
        inspect.signature(plain.__init__ if isinstance(plain, type) else plain).parameters.values()
    )
    if parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    wanted = [part for part in call.split(", ") if part]
    positional = [part for part in wanted if not part.endswith("=")]
    if [parameter.name for parameter in parameters[: len(positional)]] != positional:
        return f"has other parameters: {inspect.signature(plain)}"
    others = parameters[len(positional) :]
    named = {parameter.name for parameter in others}
    open_ended = any(parameter.kind is parameter.VAR_KEYWORD for parameter in others)
    lacking = [part for part in wanted if part.endswith("=") and part[:-1] not in named and not open_ended]
    needed = [
        parameter.name
        for parameter in others
        if parameter.default is parameter.empty
        and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        and f"{parameter.name}=" not in wanted
    ]
    return f"has other parameters: {inspect.signature(plain)}" if lacking or needed else ""


@NAMES
def test_installed_release_has_it(name: Name) -> None:
    """It is there, it is called as we call it, and what must look it up does."""
    assert problem(name) == "", f"{name.path} {problem(name)}. It is used in {name.used_by}: {name.why}."


# Each row can fail


@NAMES
def test_missing_name_is_noticed(name: Name, monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the name, then whatever looks it up: the row fails each time."""
    if not name.path.startswith("*"):
        with monkeypatch.context() as patch:
            holder, last = owner(name.path)
            for space in [holder] if isinstance(holder, ModuleType) else holder.__mro__[:-1]:
                if last in vars(space):
                    patch.delattr(space, last)
            patch.setattr(f"{__name__}.assigned", lambda kind, known=assigned: known(kind) - {last})
            assert problem(name) == "is not there"
    if name.call is not None:
        with monkeypatch.context() as patch:
            patch.setattr(inspect, "signature", lambda _: signature_of_another)
            assert "has other parameters" in problem(name)
    if name.kind:
        with monkeypatch.context() as patch:
            patch.setattr(*owner(name.path), MISSING)
            assert "is no" in problem(name)
    if name.read_by:
        with monkeypatch.context() as patch:
            patch.setattr(*owner(name.read_by), lambda: None)
            assert "is not looked up" in problem(name)


def another(unknown: object, /) -> None:
    """A function that is called in another way than every row."""


signature_of_another = inspect.signature(another)


# The table is whole


@NAMES
def test_used_where_it_says(name: Name) -> None:
    """The module exists and mentions the name; a row that nobody needs is removed."""
    source = PACKAGE.joinpath(*name.used_by.split(".")).with_suffix(".py").read_text()
    module, _, inside = name.path.rpartition(":")
    last = inside.rpartition(".")[2] if module != "*" else inside.rpartition(".")[2] or inside

    assert last.startswith("__") or last in source or module in source
    assert name.why
    assert name.breaks


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        if "_assets" not in path.parts and not module.startswith("upstream."):
            yield module, ast.parse(path.read_text())


def private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def test_every_private_attribute_has_a_row() -> None:
    """An attribute with an underscore that no code of ours defines is another library's."""
    ours: set[str] = set()
    used: dict[str, str] = {}
    for module, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                ours.add(node.name)
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                ours.add(node.id)
            elif isinstance(node, ast.Attribute) and private(node.attr):
                of_self = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                if of_self and isinstance(node.ctx, ast.Store):
                    ours.add(node.attr)
                else:
                    used[node.attr] = module
            elif isinstance(node, ast.Constant) and re.fullmatch("_[a-z][a-z_]*", str(node.value)):
                used[node.value] = module
    rows = {re.split(r"[:.]", name.path)[-1] for name in upstream.NAMES}
    # Django's, namedtuple's, os's and sys's; a folder and suffixes of ours.
    documented = {
        "_meta",
        "_asdict",
        "_replace",
        "_exit",
        "_getframe",
        "_assets",
        "_kubernetes",
        "_application",
    }

    assert {name: module for name, module in used.items() if name not in ours | rows | documented} == {}


def test_every_override_has_a_row() -> None:
    """A method with an underscore that replaces one of another library's class."""
    rows = {re.split(r"[:.]", name.path)[-1] for name in upstream.NAMES} | {
        "_save",
        "_open",
    }  # of Django's Storage
    found = []
    for module, tree in trees():
        # One of these is a program that reads its command line at once.
        if module.startswith(("migrations.", "adopt.loading.child")):
            continue
        if not any(isinstance(node, ast.ClassDef) for node in tree.body):
            continue
        for kind in vars(importlib.import_module(f"django_k8s.{module}".removesuffix(".__init__"))).values():
            if not isinstance(kind, type) or not kind.__module__.startswith("django_k8s."):
                continue
            foreign = [
                base
                for base in kind.__mro__
                # Before Python 3.12 the enum module gives each class functions of its own.
                if not base.__module__.startswith(("django_k8s.", "builtins", "enum"))
            ]
            found += [
                f"{module}.{kind.__name__}.{name}"
                for name, value in vars(kind).items()
                if private(name)
                and inspect.isfunction(value)
                and name not in rows
                and any(name in vars(base) for base in foreign)
            ]
    assert found == []


# The releases that were tested


def test_tested_releases_are_those_of_the_lock() -> None:
    """`make lock` brings newer releases: then TESTED follows."""
    locked: dict[str, str] = {}
    for name, release in re.findall(
        r"^([a-z0-9-]+)(?:\[.*?\])?==(\S+)", (ROOT / "requirements/dev.txt").read_text(), re.M
    ):
        locked[name] = max(release, locked.get(name, "0"), key=Version)

    assert {name: locked[name] for name in upstream.TESTED} == upstream.TESTED, (
        "change TESTED in django_k8s/upstream"
    )


def test_every_library_has_a_tested_release() -> None:
    """Each library of the table is among them, and no other."""
    installed = packages_distributions()
    roots = {name.path.partition(":")[0].partition(".")[0] for name in upstream.NAMES} - {"*"}
    found = {installed[root][0].lower().replace("_", "-") for root in roots - WITHOUT_A_RELEASE}

    assert found == upstream.TESTED.keys()


@pytest.mark.parametrize(
    ("tested", "reported"),
    [("0.1.2", True), ("999.0", False), ("SERIES.0", False), ("SERIES.9", False)],
    ids=["older", "newer", "same series", "later in the series"],
)
def test_untested(monkeypatch: pytest.MonkeyPatch, tested: str, reported: bool) -> None:
    """Only the first two numbers count; what is not installed is no concern."""
    installed = version("gunicorn")
    tested = tested.replace("SERIES", ".".join(installed.split(".")[:2]))
    monkeypatch.setattr(upstream, "TESTED", {"gunicorn": tested, "no-such-library": "1.0"})

    assert list(upstream.untested()) == ([("gunicorn", installed, tested)] if reported else [])
