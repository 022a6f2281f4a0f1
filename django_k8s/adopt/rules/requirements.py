"""The packages in requirements files and in single requirements."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django_k8s.adopt.tree import Tree


def packages(tree: Tree, name: str, seen: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return the packages of a requirements file and of the files that it includes, with their versions."""
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
    """Return the package of a requirement, with its version if that is exact; an empty map for any other line.

    The extras binary and c of psycopg count as the packages that they install.
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
