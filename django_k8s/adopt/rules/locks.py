"""The lock file, or another file that determines the packages of the project."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from typing import Any

from django_k8s.adopt.facts import Choice, Fact, chosen
from django_k8s.adopt.rules import dockerfiles, installs
from django_k8s.adopt.rules.imports import importing, modules
from django_k8s.adopt.rules.requirements import packages, requirement
from django_k8s.adopt.tree import Tree

_LOCKS = (("uv.lock", "uv"), ("poetry.lock", "poetry"), ("pylock.toml", "pylock"), ("Pipfile.lock", "pipenv"))
_NOT_PRODUCTION = re.compile(
    r"(^|[_.-])(dev|devel|develop|development|local|test|tests|testing|ci|docs?|lint|linting|type|types|typing|mypy|migrations"
    r"|debug|bench|profiling|pre-commit|coverage|quality|base_requirements)([_.-]|$)"
)
_PRODUCTION = re.compile(r"(^|[_.-])(prod|production|deploy|deployment)([_.-]|$)")
_GROUPS = re.compile(r"--(?:group|only-group|with|only)[ =]([\w.,-]+)")
_EXTRAS = re.compile(r"(?:--extras?|-E)[ =]\"?([\w., -]+?)\"?(?= -|\s*(?:\\|&&|$))")


def toml(tree: Tree, name: str) -> dict[str, Any]:
    """Return the content of a TOML file, or an empty dict if it is missing or broken."""
    try:
        return tomllib.loads(tree.text(name)) if name in tree else {}
    except tomllib.TOMLDecodeError:
        return {}


def upwards(folder: str) -> Iterator[str]:
    """Return ``folder`` and the directories above it, as prefixes of paths."""
    path = PurePosixPath(folder)
    for one in (path, *path.parents):
        yield "" if one.as_posix() == "." else f"{one.as_posix()}/"


def kind(lock: str) -> str:
    """Return the kind of a lock file, from its name."""
    name = PurePosixPath(lock).name
    if re.fullmatch(r"pylock(\..+)?\.toml", name):
        return "pylock"
    return {**dict(_LOCKS), "pyproject.toml": "pyproject"}.get(name, "requirements")


def lock(tree: Tree, project: str) -> Fact:
    """Return the fact ``lock``: the nearest lock file at or above the project, or else a requirements file.

    A file from which the project's own image is built has precedence.
    """
    commands = installs.commands(tree)
    used = installs.tools(commands)
    piped = [
        Choice(name, place)
        for name, place in installs.requirements(commands, _texts(tree))
        if not _NOT_PRODUCTION.search(PurePosixPath(name).stem.lower()) and _has_site(tree, name)
    ]
    piped.sort(key=lambda choice: not _PRODUCTION.search(PurePosixPath(choice.value).stem.lower()))
    for start in upwards(project):
        found = [Choice(start + name, start + name) for name, _ in _LOCKS if start + name in tree]
        found += [
            Choice(name, name)
            for name in tree.files
            if name.startswith(start)
            and "/" not in name[len(start) :]
            and re.fullmatch(r"pylock\.[^/]+\.toml", name[len(start) :])
        ]
        here = [choice for choice in piped if choice.value.startswith(start)]
        if here and not any(kind(str(choice.value)) in used for choice in found):
            return chosen("lock", here[:1])
        if found:
            found = _by_project_file(tree, start, found)
            named = [choice for choice in found if kind(str(choice.value)) in used]
            return chosen("lock", named if len(named) == 1 else found)
        if requirements := _requirements(tree, start):
            return chosen("lock", requirements[:1])
    elsewhere = [
        Choice(name, name)
        for name in tree.files
        if re.search(r"requirements[^/]*\.txt$", name)
        and not tree.aside(name)
        and not _NOT_PRODUCTION.search(PurePosixPath(name).name.lower())
        and "django" in packages(tree, name)
    ]
    elsewhere.sort(
        key=lambda choice: (len(PurePosixPath(choice.value).parts), len(choice.value), choice.value)
    )
    if elsewhere:
        return chosen("lock", elsewhere[:1])
    # Without a lock, the declared dependencies are installed, in the versions that are current on the day of the
    # build.
    declared = [
        Choice(f"{start}pyproject.toml", f"{start}pyproject.toml")
        for start in upwards(project)
        if _declares(tree, f"{start}pyproject.toml")
    ]
    return chosen("lock", declared[:1])


def _declares(tree: Tree, name: str) -> bool:
    read = toml(tree, name)
    return bool(
        read.get("project", {}).get("dependencies")
        or read.get("tool", {}).get("poetry", {}).get("dependencies")
        or (
            "project" not in read
            and any(_has_django(one) for one in read.get("dependency-groups", {}).values())
        )
    )


def _has_django(requirements: list[Any]) -> bool:
    return any("django" in requirement(text) for text in requirements if isinstance(text, str))


def project_file(tree: Tree, project: str, locked: str = "") -> str:
    """Return the pyproject.toml with the dependencies: the one next to the lock file, or else the nearest."""
    beside = str(PurePosixPath(locked).parent / "pyproject.toml") if locked else ""
    if beside in tree:
        return beside
    return next(
        (f"{start}pyproject.toml" for start in upwards(project) if f"{start}pyproject.toml" in tree), ""
    )


def groups(
    tree: Tree,
    project: str,
    locked: str,
    imported: frozenset[str] = frozenset(),
    apps: frozenset[str] = frozenset(),
) -> Fact:
    """Return the groups that production needs.

    These are groups that are named for production, that a Dockerfile installs, or that are the only ones with a
    package that the settings import. A group for development is needed if the image of production installs it, and
    the code or ``apps`` needs something that only this group has.
    """
    file = project_file(tree, project, locked)
    read = toml(tree, file)
    listed, defaults = installs.listed(read, kind(locked) if locked else "")
    fact = _parts(tree, "groups", set(listed), _GROUPS, file, _imported(read, listed, imported))
    more = installs.brought(installs.commands(tree), kind(locked), set(listed), defaults)
    more = {name: place for name, place in more.items() if name not in fact.value}
    main = _modules(read.get("project", {}).get("dependencies", []))
    main |= _modules(read.get("tool", {}).get("poetry", {}).get("dependencies", {}))
    for name, place in more.items():
        own = _modules(listed[name]) - main
        if not _NOT_PRODUCTION.search(name) or own & (imported | apps) or importing(tree, project, own):
            fact = Fact("groups", [*fact.value, name], place if not fact.value else fact.source, "likely")
    return fact


def extras(tree: Tree, project: str, locked: str, imported: frozenset[str] = frozenset()) -> Fact:
    """Return the extras that production needs, found as ``groups`` are."""
    file = project_file(tree, project, locked)
    read = toml(tree, file)
    known = set(read.get("project", {}).get("optional-dependencies", {}))
    known |= set(read.get("tool", {}).get("poetry", {}).get("extras", {}))
    listed = {name: read.get("project", {}).get("optional-dependencies", {}).get(name, []) for name in known}
    return _parts(tree, "extras", known, _EXTRAS, file, _imported(read, listed, imported))


def _imported(read: dict[str, Any], listed: dict[str, list[str]], imported: frozenset[str]) -> list[str]:
    """Return the parts of a project that are the only ones with a package that its settings import."""
    main = _modules(read.get("project", {}).get("dependencies", []))
    return [
        name for name, requirements in sorted(listed.items()) if (_modules(requirements) - main) & imported
    ]


def _modules(requirements: Iterable[str]) -> set[str]:
    """Return the names under which a requirement may be imported."""
    return {module for text in requirements for name in requirement(text) for module in modules(name)}


def _by_project_file(tree: Tree, start: str, found: list[Choice]) -> list[Choice]:
    """Return a single lock if the project's file says which tool it uses."""
    tools = toml(tree, f"{start}pyproject.toml").get("tool", {})
    owned = [choice for choice in found if kind(str(choice.value)) in tools]
    return owned if len(owned) == 1 else found


def _requirements(tree: Tree, start: str) -> list[Choice]:
    names = [
        name
        for name in tree.files
        if name.startswith(start)
        and re.fullmatch(r"([\w-]*requirements[\w.-]*\.txt|requirements/[\w.-]+\.txt)", name[len(start) :])
        and not _NOT_PRODUCTION.search(PurePosixPath(name).stem.lower())
        and _has_site(tree, name)
    ]

    def rank(name: str) -> tuple[int, str]:
        stem = PurePosixPath(name).stem.lower()
        if _PRODUCTION.search(stem):
            return (0, name)
        return (1 if name == f"{start}requirements.txt" else 2, name)

    return [Choice(name, name) for name in sorted(names, key=rank)]


def also(tree: Tree, locked: str) -> Fact:
    """Return the fact ``lock_more``: further requirements files that the project's image installs beside ``locked``."""
    if not locked or kind(locked) != "requirements":
        return Fact("lock_more", [], locked or "there is no lock")
    commands = [one for one in installs.commands(tree) if "manage.py" not in one.text]
    found = dict(installs.requirements(commands, _texts(tree)))
    more: dict[str, str] = {}
    has = set(packages(tree, locked))
    for name, place in found.items() if locked in found else ():
        aside = _NOT_PRODUCTION.search(PurePosixPath(name).stem.lower())
        beside = place.partition(":")[0] == found[locked].partition(":")[0]
        if beside and not aside and packages(tree, name).keys() - has:
            more[name] = place
            has |= packages(tree, name).keys()
    return Fact("lock_more", list(more), next(iter(more.values()), "no Dockerfile installs another one"))


def _texts(tree: Tree) -> list[str]:
    return [name for name in tree.files if name.endswith(".txt") and not tree.aside(name)]


def _has_site(tree: Tree, name: str) -> bool:
    """Return whether a requirements file has Django, directly or through another package."""
    found = packages(tree, name)
    return bool(found.keys() & {"django", "wagtail", "djangorestframework"}) or any(
        one.startswith("django-") for one in found
    )


def _parts(
    tree: Tree, fact: str, known: set[str], pattern: re.Pattern[str], file: str, imported: list[str]
) -> Fact:
    found: dict[str, str] = {name: file for name in sorted(known) if _PRODUCTION.search(name)}
    for name in dockerfiles.files(tree):
        for number, text in dockerfiles.lines(tree, name):
            for match in pattern.finditer(text):
                for one in re.split(r"[, ]+", match[1]):
                    if one in known and not _NOT_PRODUCTION.search(one) and one not in found:
                        found[one] = f"{name}:{number}"
            if "--all-extras" in text and "--no-dev" in text and fact == "extras":
                found.update(dict.fromkeys(known - found.keys(), f"{name}:{number}"))
    if not found:
        found = dict.fromkeys(imported, f"{file}, for what the settings import")
    if not found:
        return Fact(fact, [], "none is named for production", "likely" if known else "read")
    return Fact(fact, list(found), next(iter(found.values())), "likely")
