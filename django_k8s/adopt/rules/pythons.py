"""The Python version for the project."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django_k8s.adopt.facts import Choice, Fact
from django_k8s.adopt.rules import dockerfiles, locks
from django_k8s.adopt.tree import Tree

_DEFAULT = "3.14"  # the version if nothing else decides
_SUPPORTED = ("3.14", "3.13", "3.12", "3.11")


def python(tree: Tree, project: str, locked: str) -> Fact:
    """Return the Python version: the one that a file names, or the newest that the project and its wheels allow."""
    required, source = _required(tree, project, locked)
    allowed = supported(tree, project, locked)
    named = [
        choice for choice in _named_python(tree, project) if not required or _allows(required, choice.value)
    ]
    if named:
        return Fact("python_version", named[0].value, named[0].source)
    if not allowed:
        version = match[0] if (match := re.search(r"3\.\d+", required)) else _DEFAULT
        return Fact("python_version", version, source, "likely")
    wheels = _wheels(tree, locked)
    best = next((version for version in allowed if _has_wheels(wheels, version)), allowed[0])
    if not wheels and locks.kind(locked) == "requirements" and "3.13" in allowed:
        best = "3.13"  # it is unknown for which versions the pinned releases have wheels
    return Fact(
        "python_version", best, source or "nothing names one", "likely" if source or wheels else "assumed"
    )


def supported(tree: Tree, project: str, locked: str) -> list[str]:
    """Return the Python versions that we support and the project allows, the newest first."""
    required, _ = _required(tree, project, locked)
    return [version for version in _SUPPORTED if _allows(required, version)]


def _required(tree: Tree, project: str, locked: str) -> tuple[str, str]:
    if locks.kind(locked) in ("uv", "pylock") and (said := locks.toml(tree, locked).get("requires-python")):
        return str(said), locked
    file = locks.project_file(tree, project, locked)
    read = locks.toml(tree, file)
    said = read.get("project", {}).get("requires-python")
    said = said or read.get("tool", {}).get("poetry", {}).get("dependencies", {}).get("python")
    if isinstance(said, str):
        return said, file
    if locks.kind(locked) == "pipenv":
        pipfile = str(PurePosixPath(locked).with_name("Pipfile"))
        version = locks.toml(tree, pipfile).get("requires", {}).get("python_version")
        return (f"=={version}.*", pipfile) if version else ("", "")
    return "", ""


def _allows(required: str, version: str) -> bool:
    """Return whether a requirement such as ``>=3.12,<4`` allows a release of a version such as ``3.13``."""
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
    for start in locks.upwards(project):
        for name, pattern in ((".python-version", r"^(3\.\d+)"), ("runtime.txt", r"python-(3\.\d+)")):
            if start + name in tree and (match := re.search(pattern, tree.text(start + name), re.MULTILINE)):
                found.append(Choice(match[1], start + name))
    docker = []
    for name in dockerfiles.files(tree):
        for number, text in dockerfiles.lines(tree, name):
            if match := re.match(
                r"\s*(?:FROM|ARG)\s.*?python[\w/.-]*?[:=_-]?(?:VERSION=)?[\"']?(3\.\d+)", text, re.IGNORECASE
            ):
                docker.append((len(PurePosixPath(name).parts), Choice(match[1], f"{name}:{number}")))
    docker.sort(key=lambda pair: pair[0])
    return [*(choice for _, choice in docker), *found]


def _wheels(tree: Tree, locked: str) -> list[list[str]]:
    """Return the wheels of each locked package whose wheels are all for a specific Python version."""
    read = locks.toml(tree, locked) if locks.kind(locked) in ("uv", "poetry", "pylock") else {}
    found = []
    for package in read.get("package", read.get("packages", [])):
        files = package.get("wheels", package.get("files", []))
        names = [str(file.get("url") or file.get("file") or file.get("name") or "") for file in files]
        names = [name for name in names if name.endswith(".whl")]
        if names and all(re.search(r"-cp3\d+-cp3", name) for name in names):
            found.append(names)
    return found


def compiled(tree: Tree, locked: str, installed: dict[str, str]) -> str:
    """Return an installed package that uv.lock has only as source and that has to be compiled, or an empty string.

    Such a package is recognized by its dependency on cffi, which is needed to compile it.
    """
    read = locks.toml(tree, locked) if locks.kind(locked) == "uv" else {}
    for package in read.get("package", []):
        needs = {str(one.get("name")) for one in package.get("dependencies", [])}
        if (
            package.get("sdist")
            and not package.get("wheels")
            and "cffi" in needs
            and package["name"] in installed
        ):
            return str(package["name"])
    return ""


def _has_wheels(wheels: list[list[str]], version: str) -> bool:
    tag = "cp" + version.replace(".", "")
    return all(any(f"-{tag}-{tag}-" in name for name in names) for names in wheels)
