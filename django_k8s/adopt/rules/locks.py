"""What says which packages the project installs, and with which Python."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django_k8s.adopt.facts import Choice, Fact, chosen
from django_k8s.adopt.tree import Tree

_LOCKS = (("uv.lock", "uv"), ("poetry.lock", "poetry"), ("pylock.toml", "pylock"), ("Pipfile.lock", "pipenv"))
_NOT_PRODUCTION = re.compile(
    r"(^|[_.-])(dev|devel|develop|development|local|test|tests|testing|ci|docs?|lint|linting|type|types|typing|mypy|migrations"
    r"|debug|bench|profiling|pre-commit|coverage|quality|base_requirements)([_.-]|$)"
)
_PRODUCTION = re.compile(r"(^|[_.-])(prod|production|deploy|deployment)([_.-]|$)")
_GROUPS = re.compile(r"--(?:group|only-group|with|only)[ =]([\w.,-]+)")
_EXTRAS = re.compile(r"(?:--extras?|-E)[ =]\"?([\w., -]+?)\"?(?= -|\s*(?:\\|&&|$))")
_DEFAULT = "3.14"  # what the image takes if nothing says otherwise
_SUPPORTED = ("3.14", "3.13", "3.12", "3.11")


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
    return dict(_LOCKS).get(name, "requirements")


def lock(tree: Tree, project: str) -> Fact:
    """Return the fact ``lock``: the nearest lock at or above the project, else a requirements file."""
    for start in upwards(project):
        found = [Choice(start + name, start + name) for name, _ in _LOCKS if start + name in tree]
        found += [
            Choice(name, name)
            for name in tree.files
            if name.startswith(start) and "/" not in name[len(start) :] and re.fullmatch(r"pylock\.[^/]+\.toml", name[len(start) :])
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
    elsewhere.sort(key=lambda choice: (len(PurePosixPath(choice.value).parts), len(choice.value), choice.value))
    return chosen("lock", elsewhere[:1])


def project_file(tree: Tree, project: str, locked: str = "") -> str:
    """Return the pyproject.toml that says what the project depends on: beside the lock, else the nearest one."""
    beside = str(PurePosixPath(locked).parent / "pyproject.toml") if locked else ""
    if beside in tree:
        return beside
    return next((f"{start}pyproject.toml" for start in upwards(project) if f"{start}pyproject.toml" in tree), "")


def groups(tree: Tree, project: str, locked: str) -> Fact:
    """Return the groups that production needs: those named so, and those that a Dockerfile installs."""
    file = project_file(tree, project, locked)
    read = toml(tree, file)
    known = set(read.get("dependency-groups", {})) | set(read.get("tool", {}).get("poetry", {}).get("group", {}))
    return _parts(tree, "groups", known, _GROUPS, file)


def extras(tree: Tree, project: str, locked: str) -> Fact:
    """Return the extras that production needs: those named so, and those that a Dockerfile installs."""
    file = project_file(tree, project, locked)
    read = toml(tree, file)
    known = set(read.get("project", {}).get("optional-dependencies", {}))
    known |= set(read.get("tool", {}).get("poetry", {}).get("extras", {}))
    return _parts(tree, "extras", known, _EXTRAS, file)


def python(tree: Tree, project: str, locked: str) -> Fact:
    """Return the version of Python: what a file names, else the newest one that the project and its wheels allow."""
    required, source = _required(tree, project, locked)
    allowed = [version for version in _SUPPORTED if _allows(required, version)]
    named = [choice for choice in _named_python(tree, project) if not required or _allows(required, choice.value)]
    if named:
        return Fact("python_version", named[0].value, named[0].source)
    if not allowed:
        version = match[0] if (match := re.search(r"3\.\d+", required)) else _DEFAULT
        return Fact("python_version", version, source, "likely")
    wheels = _wheels(tree, locked)
    best = next((version for version in allowed if _has_wheels(wheels, version)), allowed[0])
    if not wheels and kind(locked) == "requirements" and "3.13" in allowed:
        best = "3.13"  # nothing says for which versions the pinned releases have wheels
    return Fact("python_version", best, source or "nothing names one", "likely" if source or wheels else "assumed")


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
        elif match := re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?\s*(?:(?:===?|~=|>=)\s*([\w.*]+))?", text):
            found[normal(match[1])] = match[2] or ""
        elif match := re.search(r"#egg=([\w.-]+)", text):
            found[normal(match[1])] = ""
    return found


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


def _parts(tree: Tree, fact: str, known: set[str], pattern: re.Pattern[str], file: str) -> Fact:
    found: dict[str, str] = {name: file for name in sorted(known) if _PRODUCTION.search(name)}
    for name in _dockerfiles(tree):
        for number, text in enumerate(tree.text(name).splitlines(), 1):
            if text.lstrip().startswith("#"):
                continue
            for match in pattern.finditer(text):
                for one in re.split(r"[, ]+", match[1]):
                    if one in known and not _NOT_PRODUCTION.search(one) and one not in found:
                        found[one] = f"{name}:{number}"
            if "--all-extras" in text and "--no-dev" in text and fact == "extras":
                found.update(dict.fromkeys(known - found.keys(), f"{name}:{number}"))
    if not found:
        return Fact(fact, [], "none is named for production", "likely" if known else "read")
    return Fact(fact, list(found), next(iter(found.values())), "likely")


def _dockerfiles(tree: Tree) -> list[str]:
    return [
        name
        for name in tree.files
        if re.search(r"(^|/)(Dockerfile[^/]*|[^/]*\.[Dd]ockerfile)$", name)
        and not tree.aside(name)
        and not name.startswith("deploy/Dockerfile")
        and len(PurePosixPath(name).parts) <= 5
    ]


def _required(tree: Tree, project: str, locked: str) -> tuple[str, str]:
    if kind(locked) in ("uv", "pylock") and (said := toml(tree, locked).get("requires-python")):
        return str(said), locked
    file = project_file(tree, project, locked)
    read = toml(tree, file)
    said = read.get("project", {}).get("requires-python")
    said = said or read.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python")
    if isinstance(said, str):
        return said, file
    if kind(locked) == "pipenv":
        pipfile = str(PurePosixPath(locked).with_name("Pipfile"))
        version = toml(tree, pipfile).get("requires", {}).get("python_version")
        return (f"=={version}.*", pipfile) if version else ("", "")
    return "", ""


def _allows(required: str, version: str) -> bool:
    """Return whether a requirement such as ``>=3.12,<4`` allows some release of ``3.13``."""
    minor = _minor(version)
    for part in re.split(r"[,\s]+(?=[<>=!~^])", required.strip()):
        match = re.match(r"(\^|~=?|>=?|<=?|===?|!=)?\s*(\d+)(?:\.(\d+))?(?:\.(\d+|\*))?", part.strip())
        if not match:
            continue
        sign, major, second, third = match[1] or "==", int(match[2]), match[3], match[4]
        limit = (major, int(second or 0))
        exact = third not in (None, "*", "0")
        refused = {
            ">=": minor < limit,
            ">": minor <= limit and not (minor == limit and exact),
            "<": minor > limit or (minor == limit and not exact),
            "<=": minor > limit,
            "^": minor < limit or minor[0] > major,
            "~=": minor < limit or minor[0] > major or (third is not None and minor != limit),
            "~": minor != limit,
            "==": second is not None and minor != limit,
            "===": second is not None and minor != limit,
            "!=": False,
        }
        if refused[sign]:
            return False
    return True


def _minor(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)


def _named_python(tree: Tree, project: str) -> list[Choice]:
    found = []
    for start in upwards(project):
        for name, pattern in ((".python-version", r"^(3\.\d+)"), ("runtime.txt", r"python-(3\.\d+)")):
            if start + name in tree and (match := re.search(pattern, tree.text(start + name), re.MULTILINE)):
                found.append(Choice(match[1], start + name))
    docker = []
    for name in _dockerfiles(tree):
        for number, text in enumerate(tree.text(name).splitlines(), 1):
            if match := re.match(r"\s*(?:FROM|ARG)\s.*?python[\w/.-]*?[:=_-]?(?:VERSION=)?[\"']?(3\.\d+)", text, re.IGNORECASE):
                docker.append((len(PurePosixPath(name).parts), Choice(match[1], f"{name}:{number}")))
    docker.sort(key=lambda pair: pair[0])
    return [*(choice for _, choice in docker), *found]


def _wheels(tree: Tree, locked: str) -> list[list[str]]:
    """Return the names of the wheels of each locked package that has wheels for single versions of Python."""
    read = toml(tree, locked) if kind(locked) in ("uv", "poetry", "pylock") else {}
    found = []
    for package in read.get("package", read.get("packages", [])):
        files = package.get("wheels", package.get("files", []))
        names = [str(file.get("url") or file.get("file") or file.get("name") or "") for file in files]
        names = [name for name in names if name.endswith(".whl")]
        if names and all(re.search(r"-cp3\d+-cp3", name) for name in names):
            found.append(names)
    return found


def _has_wheels(wheels: list[list[str]], version: str) -> bool:
    tag = "cp" + version.replace(".", "")
    return all(any(f"-{tag}-{tag}-" in name for name in names) for names in wheels)
