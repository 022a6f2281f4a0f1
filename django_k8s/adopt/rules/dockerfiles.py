"""Read the project's own Dockerfiles: their stages, and the lines from which the final image is built."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from django_k8s.adopt.tree import Tree

_NAME = re.compile(r"(^|/)(Dockerfile[^/]*|[^/]*\.[Dd]ockerfile)$")
_DEPTH = 5


def files(tree: Tree) -> list[str]:
    """Return the Dockerfiles that use Python, those nearest to the root first."""
    found = [
        name
        for name in tree.files
        if _NAME.search(name)
        and not name.endswith(".dockerignore")
        and not tree.aside(name)
        and len(PurePosixPath(name).parts) <= _DEPTH
        and re.search(r"FROM .*python|pip install|uv sync|uv pip|poetry install|manage\.py", tree.text(name))
    ]
    return sorted(found, key=lambda name: (len(PurePosixPath(name).parts), name))


@dataclass
class Stage:
    """A stage: its name or number, and its lines with their numbers.

    The first one has the lines before all stages.
    """

    name: str
    lines: list[tuple[int, str]] = field(default_factory=list)


def stages(tree: Tree, name: str) -> list[Stage]:
    """Return the stages of a Dockerfile, without comments."""
    found = [Stage("")]
    for number, text in enumerate(tree.text(name).splitlines(), 1):
        if text.lstrip().startswith("#"):
            continue
        if match := re.match(r"\s*FROM\s+(?:--\S+\s+)?\S+(?:\s+AS\s+(\S+))?", text, re.IGNORECASE):
            found.append(Stage(match[1] or str(len(found) - 1)))
        found[-1].lines.append((number, text))
    return found


def lines(tree: Tree, name: str) -> Iterator[tuple[int, str]]:
    """Yield the numbered lines of the last stage and of all stages that it uses, without comments."""
    every = stages(tree, name)
    needed = {len(every) - 1, 0}
    for index in range(len(every) - 1, 0, -1):
        if index not in needed:
            continue
        body = "\n".join(text for _, text in every[index].lines)
        for other in range(1, index):
            if re.search(
                rf"(FROM\s+(--\S+\s+)?|from=){re.escape(every[other].name)}(?=[\s,]|$)",
                body,
                re.IGNORECASE | re.MULTILINE,
            ):
                needed.add(other)
    for index in sorted(needed):
        yield from every[index].lines


def last_stage(tree: Tree, name: str) -> str:
    """Return the text of the last stage, without comments, with continued lines joined."""
    text = re.sub(r"(?m)^\s*#.*\n?", "", tree.text(name))
    return re.split(r"(?mi)^FROM .*$", text)[-1].replace("\\\n", " ")
