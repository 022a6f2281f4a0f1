"""The project's .gitignore and .dockerignore, interpreted as git and Docker do."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from pathlib import Path

from pathspec import PathSpec
from pathspec.pattern import RegexPattern

from django_k8s.cli.image.git_index import tracked


class DockerPatterns:
    """Patterns of .dockerignore, relative to one directory. The last match decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._patterns = _compile(map(_docker_pattern, lines))
        self._of_directories: dict[str, list[bool]] = {}
        self.brings_back = not all(pattern.include for pattern in self._patterns)

    def match(self, path: str) -> bool:
        """Return whether a path matches. Unlike in git, `!` also applies to files in a matching directory."""
        matches = zip(self._patterns, self._matches(path), strict=True)
        return next((bool(pattern.include) for pattern, matched in reversed(list(matches)) if matched), False)

    def name(self, path: str) -> bool:
        """Return whether a pattern matches the file itself, not only one of its directories."""
        matches = zip(self._patterns, self._matches(path), self._directory(path), strict=True)
        return any(pattern.include and own and not above for pattern, own, above in matches)

    def _matches(self, path: str) -> list[bool]:
        """Return for each pattern whether it matches the path or one of its directories."""
        above = self._directory(path)
        return [
            matched or pattern.match_file(path) is not None
            for pattern, matched in zip(self._patterns, above, strict=True)
        ]

    def _directory(self, path: str) -> list[bool]:
        folder = posixpath.dirname(path)
        if not folder:
            return [False] * len(self._patterns)
        if folder not in self._of_directories:
            self._of_directories[folder] = self._matches(folder)
        return self._of_directories[folder]


class GitIgnore:
    """All .gitignore files of a directory and its subdirectories."""

    def __init__(self, top: Path) -> None:
        self._tracked = tracked(top / ".git" / "index")
        self._patterns: dict[str, list[RegexPattern]] = {}

    def enter(self, folder: str, path: Path) -> None:
        """Read the .gitignore of a directory. Call this before asking about its entries."""
        if lines := read_lines(path / ".gitignore"):
            self._patterns[folder] = _compile(map(_git_pattern, lines))

    def ignores(self, path: str, *, is_directory: bool) -> bool:
        """Return whether git ignores an entry of a directory that is not ignored itself."""
        folder = path
        while folder:
            folder = posixpath.dirname(folder)
            relative = path.removeprefix(f"{folder}/") + ("/" if is_directory else "")
            for pattern in reversed(self._patterns.get(folder, [])):
                # pathspec also matches the files of a directory. Here, the directory was checked before.
                if pattern.regex and pattern.regex.fullmatch(relative):
                    return bool(pattern.include)
        return False

    def tracks(self, path: str) -> bool:
        """Return whether git tracks a file, or a file in a directory."""
        return path in self._tracked


def read_lines(path: Path) -> list[str]:
    """Return the lines of an ignore file, or none if it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8", "surrogateescape").removeprefix("\ufeff").splitlines()
    except OSError:
        return []


def _git_pattern(line: str) -> str:
    """Return a line of .gitignore as a pattern for pathspec, or an empty string.

    pathspec simplifies patterns whose last part is one or two asterisks, because it also matches the files of a
    directory. Then they no longer match a single entry. With a question mark, they mean the same and do match.
    """
    pattern = line.rstrip(" ") if not line.rstrip(" ").endswith("\\") else line
    slash = "/" if pattern.endswith("/") else ""
    above, separator, last = pattern.removesuffix("/").rpartition("/")
    if not above and not last.strip("!"):
        return ""  # it matches nothing in git, but everything in pathspec
    if not separator and last.startswith("!"):
        above, last = "!", last[1:]
    last = {"*": "?*", "**": "**/?*"}.get(last, last)
    return f"{above}{separator}{last}{slash}"


def _docker_pattern(line: str) -> str:
    """Return a line of .dockerignore as a pattern for pathspec, or an empty string."""
    if line.startswith("#") or not line.strip():
        return ""
    pattern = line.strip()
    invert = "!" if pattern.startswith("!") else ""
    clean = posixpath.normpath("/" + pattern.removeprefix("!").strip().lstrip("/"))
    return "" if clean == "/" else invert + clean


def _compile(lines: Iterable[str]) -> list[RegexPattern]:
    """Return the valid patterns. Like git and Docker, skip invalid lines."""
    patterns: list[RegexPattern] = []
    for line in filter(None, lines):
        try:
            found = PathSpec.from_lines("gitignore", [line]).patterns
        except ValueError:
            continue
        patterns += [pattern for pattern in found if pattern.include is not None]
    return patterns
