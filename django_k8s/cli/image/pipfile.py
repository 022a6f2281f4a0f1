"""Convert a Pipfile.lock to a requirements file."""

from __future__ import annotations

import json
import posixpath
from collections.abc import Iterator, Sequence
from typing import Any


def requirements(text: str, groups: Sequence[str], top: str, own: str | None = None) -> Iterator[str]:
    """Yield the lines of a requirements file for the default packages of a Pipfile.lock and those of ``groups``.

    Its paths are relative to ``top``, the directory of the lock file. The package in the directory ``own`` is left out.
    """
    lock = json.loads(text)
    sources = lock.get("_meta", {}).get("sources", [])
    for number, source in enumerate(sources):
        yield f"{'--extra-index-url' if number else '--index-url'} {source['url']}"
    packages: dict[str, dict[str, Any]] = {}
    for section in ("default", *groups):
        packages |= lock.get(section, {})
    for name, package in packages.items():
        line = _line(name, package, top)
        if own is None or line.partition("[")[0] != f"./{own or '.'}":
            yield line


def _line(name: str, package: dict[str, Any], top: str) -> str:
    extras = f"[{','.join(package['extras'])}]" if package.get("extras") else ""
    marker = f" ; {package['markers']}" if package.get("markers") else ""
    if git := package.get("git"):
        revision = f"@{package['ref']}" if package.get("ref") else ""
        folder = f"#subdirectory={package['subdirectory']}" if package.get("subdirectory") else ""
        return f"{name}{extras} @ git+{git.removeprefix('git+')}{revision}{folder}{marker}"
    place = package.get("path") or package.get("file")
    if place and "://" in place:
        return f"{name}{extras} @ {place}{marker}"
    if place:
        return f"./{posixpath.normpath(posixpath.join(top, place))}{extras}{marker}"
    hashes = "".join(f" --hash={value}" for value in package.get("hashes", []))
    return f"{name}{extras}{package.get('version', '').replace('*', '')}{marker}{hashes}"
