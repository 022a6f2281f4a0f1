"""What says which packages the project installs, and with which Python."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django_k8s.adopt.facts import Choice, Fact, chosen
from django_k8s.adopt.rules import dockerfiles
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
    """Return the content of a TOML file; an empty dict if it is missing or broken."""
    try:
        return tomllib.loads(tree.text(name)) if name in tree else {}
    except tomllib.TOMLDecodeError:
        return {}


def upwards(folder: str) -> Iterator[str]:
    """Return ``folder`` and those above it, as the starts of paths."""
    path = PurePosixPath(folder)
    for one in (path, *path.parents):
        yield "" if one.as_posix() == "." else f"{one.as_posix()}/"


def kind(lock: str) -> str:
    """Return the kind of a lock by its name."""
    name = PurePosixPath(lock).name
    if re.fullmatch(r"pylock(\..+)?\.toml", name):
        return "pylock"
    return {**dict(_LOCKS), "pyproject.toml": "pyproject"}.get(name, "requirements")


def lock(tree: Tree, project: str) -> Fact:
    """Return the fact ``lock``: the nearest lock at or above the project, else a requirements file."""
    for start in upwards(project):
        found = [Choice(start + name, start + name) for name, _ in _LOCKS if start + name in tree]
        found += [
            Choice(name, name)
            for name in tree.files
            if name.startswith(start)
            and "/" not in name[len(start) :]
            and re.fullmatch(r"pylock\.[^/]+\.toml", name[len(start) :])
        ]
        if found:
            return chosen("lock", _by_project_file(tree, start, found))
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
    # Without a lock, what the project declares is installed, in whatever version the day of the build brings.
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
    """Return the pyproject.toml that says what the project depends on: beside the lock, else the nearest one."""
    beside = str(PurePosixPath(locked).parent / "pyproject.toml") if locked else ""
    if beside in tree:
        return beside
    return next(
        (f"{start}pyproject.toml" for start in upwards(project) if f"{start}pyproject.toml" in tree), ""
    )


def groups(tree: Tree, project: str, locked: str, imported: frozenset[str] = frozenset()) -> Fact:
    """Return the groups that production needs.

    These are the ones that are named so, that a Dockerfile installs, or that alone have a package that the settings
    import.
    """
    file = project_file(tree, project, locked)
    read = toml(tree, file)
    known = set(read.get("dependency-groups", {})) | set(
        read.get("tool", {}).get("poetry", {}).get("group", {})
    )
    listed = {
        name: [one for one in read.get("dependency-groups", {}).get(name, []) if isinstance(one, str)]
        for name in known
    }
    return _parts(tree, "groups", known, _GROUPS, file, _imported(read, listed, imported))


def extras(tree: Tree, project: str, locked: str, imported: frozenset[str] = frozenset()) -> Fact:
    """Return the extras that production needs, found as ``groups`` are."""
    file = project_file(tree, project, locked)
    read = toml(tree, file)
    known = set(read.get("project", {}).get("optional-dependencies", {}))
    known |= set(read.get("tool", {}).get("poetry", {}).get("extras", {}))
    listed = {name: read.get("project", {}).get("optional-dependencies", {}).get(name, []) for name in known}
    return _parts(tree, "extras", known, _EXTRAS, file, _imported(read, listed, imported))


def _imported(read: dict[str, Any], listed: dict[str, list[str]], imported: frozenset[str]) -> list[str]:
    """Return the parts of a project that alone have a package that its settings import."""

    def modules(requirements: list[str]) -> set[str]:
        names = {name for text in requirements for name in requirement(text)}
        return {name.removeprefix("django-").replace("-", "_") for name in names} | {
            name.replace("-", "_") for name in names
        }

    main = modules(read.get("project", {}).get("dependencies", []))
    return [
        name for name, requirements in sorted(listed.items()) if (modules(requirements) - main) & imported
    ]


def packages(tree: Tree, name: str, seen: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return the packages of a requirements file, with those of the files that it includes, and their versions."""
    found: dict[str, str] = {}
    if name not in tree or name in seen:
        return found
    for text in tree.text(name).splitlines():
        text = text.split(" #")[0].strip()
        if match := re.match(r"(?:-r|--requirement)[ =]?\s*(\S+)", text):
            inner = _joined(name, match[1])
            found.update(packages(tree, inner, seen | {name}))
        elif one := requirement(text):
            found.update(one)
        elif match := re.search(r"#egg=([\w.-]+)", text):
            found[normal(match[1])] = ""
    return found


def requirement(text: str) -> dict[str, str]:
    """Return the package of a requirement and its version, if that is exact; None for any other line.

    An extra of psycopg counts as the package that it stands for.
    """
    match = re.match(r"([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*(?:===?\s*([\w.]+))?", text)
    if not match:
        return {}
    name = normal(match[1])
    extras = [extra.strip() for extra in (match[2] or "").split(",") if extra.strip()]
    drivers = {f"psycopg-{extra}": "" for extra in extras if name == "psycopg" and extra in ("binary", "c")}
    return {name: match[3] or "", **drivers}


def normal(name: str) -> str:
    """Return the normalized name of a package."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _joined(name: str, other: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(name).parent / other).parts:
        if part == ".." and parts:
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def _by_project_file(tree: Tree, start: str, found: list[Choice]) -> list[Choice]:
    """Return one lock if the project's file says whose it is."""
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
        and (packages(tree, name).keys() & {"django", "wagtail", "djangorestframework"})
    ]

    def rank(name: str) -> tuple[int, str]:
        stem = PurePosixPath(name).stem.lower()
        if _PRODUCTION.search(stem):
            return (0, name)
        return (1 if name == f"{start}requirements.txt" else 2, name)

    return [Choice(name, name) for name in sorted(names, key=rank)]


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
