"""Requirements files, with the files that they include and the directories of the context that they install."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field

from django_k8s.cli.image.context import Context, holds
from django_k8s.cli.image.plan import Refusal

_INCLUDE = re.compile(r"^(?P<option>-r|--requirement|-c|--constraint)(?:\s+|=|(?<=-[rc]))(?P<name>\S+)")
_EDITABLE = re.compile(r"^(?:-e|--editable)(?:\s+|=)")
_EXTRAS = re.compile(r"^(?P<path>[^\[\s;]+)(?:\[(?P<extras>[^\]]*)\])?")
_COMMENT = re.compile(r"(^|\s)#.*$")
_ARCHIVES = (".whl", ".tar.gz", ".zip")


@dataclass
class Found:
    """The requirements files, changed so that they can be installed from a copy of the top of the context."""

    files: dict[str, str] = field(default_factory=dict)
    hashes: bool = False
    own: str | None = None
    own_extras: list[str] = field(default_factory=list)
    own_requires: str = ""


def collect(context: Context, name: str, project: str) -> Found:
    """Read a requirements file and all files that it includes.

    Directories that it installs are copied, except the project's own. That changes with each line of code, so a later
    step installs it. Raise Refusal if a file or directory is missing.
    """
    found = Found()
    _read(context, name, project, found, name)
    # pip requires all hashes as soon as it sees one. A repository, for example, has none and cannot be checked.
    text = "\n".join(found.files.values())
    found.hashes = "--hash" in text and not re.search(r"\b\w+\+\w+://|^\s*\./", text, re.MULTILINE)
    return found


def _read(context: Context, name: str, project: str, found: Found, asked_by: str) -> None:
    if name in found.files:
        return
    if not context.is_file(name):
        raise Refusal(
            f"LOCK: {asked_by} includes {name}, which is not in the build context. Add it, or remove the line."
        )
    found.files[name] = ""
    lines = []
    for line in _lines(context.read(name)):
        if include := _INCLUDE.match(line):
            if "://" not in include["name"]:
                other = posixpath.normpath(posixpath.join(posixpath.dirname(name), include["name"]))
                _read(context, other, project, found, name)
            lines.append(line)
        else:
            lines.append(_requirement(context, name, project, found, line))
    found.files[name] = "\n".join(lines) + "\n"


def _lines(text: str) -> Iterator[str]:
    """Yield the lines without comments and empty lines. Join lines that a backslash continues."""
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        stripped = _COMMENT.sub("", line).strip()
        if stripped:
            yield stripped


def _requirement(context: Context, name: str, project: str, found: Found, line: str) -> str:
    """Return a line. Make the path of a directory or file in the context relative to the top of the context."""
    what = _EDITABLE.sub("", line)
    editable = what != line
    path = re.sub(r"^[\w.\-]+(\[[^\]]*\])? @ (?=file:|\.)", "", what).removeprefix("file:")
    match = _EXTRAS.match(path)
    if not match or "://" in path or what.startswith("-"):
        return line
    is_path = editable or path != what or path.startswith(".") or match["path"].endswith(_ARCHIVES)
    if not is_path:
        return line
    place = _place(context, name, project, match["path"])
    if place is None:
        raise Refusal(
            f"LOCK: {name} installs {match['path']}, which is not in the build context. Add it, or remove the line."
        )
    extras = [extra.strip() for extra in (match["extras"] or "").split(",") if extra.strip()]
    if context.is_directory(place) and holds(place, project):
        pyproject = posixpath.join(place, "pyproject.toml")
        if _says_what_it_needs(context, pyproject):
            found.own, found.own_extras, found.own_requires = place, extras, pyproject
            return ""
    context.copy_any(place)
    rest = path[match.end() :]
    return f"./{place}{f'[{chr(44).join(extras)}]' if extras else ''}{rest}"


def _place(context: Context, name: str, project: str, path: str) -> str | None:
    """Return what a path refers to. pip starts at its working directory, which the file does not tell."""
    for start in ("", project, posixpath.dirname(name)):
        place = posixpath.normpath(posixpath.join(start, path))
        place = "" if place == "." else place
        packaged = any(
            context.is_file(posixpath.join(place, file)) for file in ("pyproject.toml", "setup.py")
        )
        if context.is_file(place) or (context.is_directory(place) and packaged):
            return place
    return None


def _says_what_it_needs(context: Context, pyproject: str) -> bool:
    if not context.is_file(pyproject):
        return False
    project = tomllib.loads(context.read(pyproject)).get("project", {})
    return bool(project) and not {"dependencies", "optional-dependencies"} & set(project.get("dynamic", []))
