"""How the project's own Dockerfiles install its packages: the tool, the files and the groups."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from django_k8s.adopt.rules import dockerfiles
from django_k8s.adopt.tree import Tree

_ASIDE = re.compile(
    r"(^|[/_.-])(dev|devel|development|devcontainer|local|test|tests|testing|ci|docs?|e2e)([/_.-]|$)"
)
_TOOLS = (
    (re.compile(r"\buv (sync|export)\b"), "uv"),
    (re.compile(r"\bpoetry (install|export|sync)\b"), "poetry"),
    (re.compile(r"\bpipenv (install|sync|requirements)\b"), "pipenv"),
)
_PIP = re.compile(r"\b(?:pip3?|uv pip) (?:[\w-]+ )*?(?:install|sync|wheel|download)\b")
_FILE = re.compile(r"(?:-r|--requirements?)[ =]?[\"']?([^\s\"';&]+)|[ \"'](\S*requirements\S*\.txt)")


@dataclass(frozen=True)
class Command:
    """An instruction of a Dockerfile as one line, and the place of its first line."""

    text: str
    place: str
    file: str


def commands(tree: Tree) -> list[Command]:
    """Return the instructions of the Dockerfiles that build the production image."""
    return [
        Command(text, f"{name}:{number}", name)
        for name in dockerfiles.files(tree)
        if not _ASIDE.search(name.lower())
        for number, text in _joined(tree, name)
    ]


def tools(found: Iterable[Command]) -> dict[str, str]:
    """Return the kinds of lock files that the Dockerfiles install, each with the first place."""
    kinds: dict[str, str] = {}
    for one in found:
        for pattern, kind in _TOOLS:
            if pattern.search(one.text):
                kinds.setdefault(kind, one.place)
    return kinds


def requirements(found: Iterable[Command], candidates: Iterable[str]) -> list[tuple[str, str]]:
    """Return the requirements files among ``candidates`` that pip installs, each with its place.

    The path in a command is a path in the image. The COPY of the file decides which file it is, or else its end.
    """
    names = list(candidates)
    chosen: dict[str, str] = {}
    copies: dict[tuple[str, str], PurePosixPath] = {}
    for one in found:
        if match := re.match(r"COPY (?!.*--from)(?:--\S+ )*(.+) (\S+)$", one.text):
            for source in match[1].split():
                target = match[2] if match[2].endswith(".txt") else source
                copies[one.file, PurePosixPath(target).name] = PurePosixPath(source.lstrip("./"))
        if not _PIP.search(one.text):
            continue
        for match in _FILE.finditer(one.text):
            path = PurePosixPath((match[1] or match[2]).lstrip("./"))
            ends: list[str] = []
            for wanted in (path, copies.get((one.file, path.name), path)):
                ends = ends or [name for name in names if _ends(PurePosixPath(name), wanted)]
            for name in sorted(ends, key=len)[:1]:
                chosen.setdefault(name, one.place)
    return list(chosen.items())


def listed(read: dict[str, Any], tool: str) -> tuple[dict[str, list[str]], list[str]]:
    """Return the requirements of each group in a pyproject.toml, and the groups that ``tool`` installs by default."""
    tools = read.get("tool", {})
    listed = {
        name: [one for one in requirements if isinstance(one, str)]
        for name, requirements in read.get("dependency-groups", {}).items()
    }
    poetry = dict(tools.get("poetry", {}).get("group", {}))
    if "dev-dependencies" in tools.get("poetry", {}):
        poetry["dev"] = {"dependencies": tools["poetry"]["dev-dependencies"]}
    for name, group in poetry.items():
        listed.setdefault(name, []).extend(group.get("dependencies", {}))
    if tool == "poetry":
        return listed, [name for name in listed if not poetry.get(name, {}).get("optional")]
    if tool != "uv":
        return listed, []
    if old := tools.get("uv", {}).get("dev-dependencies"):
        listed.setdefault("dev", []).extend(old)
    defaults = tools.get("uv", {}).get("default-groups", ["dev"])
    return listed, list(listed) if defaults == "all" else defaults


def brought(found: Iterable[Command], kind: str, known: set[str], defaults: list[str]) -> dict[str, str]:
    """Return the groups that the last install command of each Dockerfile installs, with the first place.

    ``defaults`` are the groups that the tool installs unless it is told not to. A group counts only if every Dockerfile
    installs it. Other groups serve a single purpose.
    """
    last: dict[str, Command] = {}
    for one in found:
        if any(pattern.search(one.text) for pattern, tool in _TOOLS if tool == kind) or (
            kind == "pyproject" and _PIP.search(one.text) and "--group" in one.text
        ):
            last[one.file] = one
    each = [(set(_groups(one.text, kind, known, defaults)), one.place) for one in last.values()]
    if not each:
        return {}
    common = set.intersection(*(groups for groups, _ in each))
    return dict.fromkeys(sorted(common), each[0][1])


def _groups(text: str, kind: str, known: set[str], defaults: list[str]) -> Iterator[str]:
    named = _listed(text, r"--(?:group|only-group|with|only)")
    without = _listed(text, r"--(?:no-group|without)")
    only = bool(re.search(r"--(only|only-group|no-default-groups)\b", text))
    if re.search(r"--no-dev\b", text):
        without.append("dev")
        only = only or kind == "poetry"  # there it means the main group
    every = known if re.search(r"--all-groups\b", text) else set()
    for name in sorted({*named, *every, *([] if only else defaults)}):
        if name in known and name not in without:
            yield name


def _listed(text: str, option: str) -> list[str]:
    values = re.findall(rf"{option}[ =][\"']?([\w.,-]+)", text)
    return [name for value in values for name in value.split(",")]


def _ends(name: PurePosixPath, path: PurePosixPath) -> bool:
    """Return whether one path ends with the whole other path."""
    for parts in range(min(len(name.parts), len(path.parts)), 0, -1):
        if name.parts[-parts:] == path.parts[-parts:]:
            return parts == len(path.parts) or parts == len(name.parts)
    return False


def _joined(tree: Tree, name: str) -> Iterator[tuple[int, str]]:
    """Yield the instructions of a Dockerfile, with the defaults of its arguments filled in."""
    values: dict[str, str] = {}
    first, parts = 0, []
    for number, line in dockerfiles.lines(tree, name):
        first = first or number
        parts.append(line.rstrip().removesuffix("\\"))
        if line.rstrip().endswith("\\"):
            continue
        text = re.sub(r"\s+", " ", " ".join(parts)).strip()
        if match := re.match(r"(?:ARG|ENV) (\w+)[= ][\"']?([^\"'\s]+)", text):
            values[match[1]] = match[2]
        yield (
            first,
            re.sub(
                r"\$\{?(\w+)(?::?-([^}]*))?\}?",
                lambda found: values.get(found[1], found[2] or found[0]),
                text,
            ),
        )
        first, parts = 0, []
