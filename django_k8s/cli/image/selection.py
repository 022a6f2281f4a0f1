"""Decide which files of the build context belong in the image, and which must not get there."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, field
from pathlib import Path

from django_k8s.cli.image.ignore_files import DockerPatterns, GitIgnore, read_lines
from django_k8s.cli.image.suspects import is_aside, why_suspect

# A directory with one of these files is for deploying the project. The image does not need it, and would change with it.
_DEPLOYMENT = ("Chart.yaml", "kustomization.yaml", "django-k8s.toml")


@dataclass
class Selection:
    """The files that are copied, left out and refused. Paths are relative to the build context."""

    files: list[str] = field(default_factory=list)
    empty_directories: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    suspects: dict[str, str] = field(default_factory=dict)
    aside: list[str] = field(default_factory=list)  # left out too: they look like secrets of tests

    def __iadd__(self, other: Selection) -> Selection:
        self.files += other.files
        self.empty_directories += other.empty_directories
        self.left_out += other.left_out
        self.suspects |= other.suspects
        self.aside += other.aside
        return self

    def leave_out(self, path: str) -> None:
        """Leave out one file, if it exists."""
        if path in self.files:
            self.files.remove(path)
            self.left_out.append(path)
            self.suspects.pop(path, None)


def select(context: Path, folder: str, allow: list[str]) -> Selection:
    """Examine the whole project in ``folder`` of the build context.

    A file is left out if a .gitignore or .dockerignore excludes it, unless a pattern in ``allow``
    matches it. Any other file that looks like a secret or a database is a suspect, unless a
    pattern names the file itself: allowing a directory does not allow the secrets in it. A suspect of tests or
    development is left out.
    """
    return _Walk(context, folder, allow).selection


class _Walk:
    def __init__(self, context: Path, folder: str, allow: list[str]) -> None:
        self.selection = Selection()
        self._context = context
        self._folder = folder
        self._allowed = DockerPatterns(allow)
        self._look_everywhere = bool(allow)
        self._git = GitIgnore(context)
        # That of the context, as Docker reads it, and that of the project, as if it were built from its folder.
        self._docker = [
            (top, DockerPatterns(read_lines(context / top / ".dockerignore"))) for top in {"", folder}
        ]
        # The .gitignore of directories above the project applies to it, too.
        ignored = False
        above = ""
        for name in folder.split("/") if folder else []:
            self._git.enter(above, context / above)
            above = posixpath.join(above, name)
            ignored = ignored or self._git.ignores(above, is_directory=True)
        self._walk(folder, ignored=ignored)

    def _walk(self, folder: str, *, ignored: bool, deploys: bool = False) -> None:
        """Sort the entries of a directory. ``ignored``: git ignores it. ``deploys``: it is only for deploying."""
        self._git.enter(folder, self._context / folder)
        entries = sorted(os.scandir(self._context / folder), key=lambda entry: entry.name)
        if not entries and not ignored and not self._docker_ignores(folder):
            self.selection.empty_directories.append(folder)
        for entry in entries:
            path = posixpath.join(folder, entry.name)
            is_directory = entry.is_dir(follow_symlinks=False)
            by_git = ignored or self._git.ignores(path, is_directory=is_directory)
            if is_directory:
                self._directory(path, by_git=by_git, deploys=deploys or self._deploys(path))
            elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                self._file(path, by_git=by_git, deploys=deploys)

    def _directory(self, path: str, *, by_git: bool, deploys: bool) -> None:
        if posixpath.basename(path) == ".git":
            return
        left_out = deploys or self._left_out_by_git(path, by_git) or self._docker_ignores(path, wholly=True)
        if left_out and not self._look_everywhere:
            self.selection.left_out.append(f"{path}/")
        else:
            self._walk(path, ignored=by_git, deploys=deploys)

    def _file(self, path: str, *, by_git: bool, deploys: bool) -> None:
        left_out = deploys or self._left_out_by_git(path, by_git) or self._docker_ignores(path)
        if left_out and not self._allowed.match(path):
            self.selection.left_out.append(path)
            return
        file = self._context / path
        if not file.is_symlink() and not self._allowed.name(path) and (reason := why_suspect(path, file)):
            if is_aside(path, reason):
                self.selection.aside.append(path)
                return
            self.selection.suspects[path] = reason
        self.selection.files.append(path)

    def _left_out_by_git(self, path: str, by_git: bool) -> bool:
        return by_git and not self._git.tracks(path)

    def _docker_ignores(self, path: str, *, wholly: bool = False) -> bool:
        """Return whether a .dockerignore excludes a path. With ``wholly``, also everything below it must be excluded."""
        return any(
            patterns.match(posixpath.relpath(path, top or ".")) and not (wholly and patterns.brings_back)
            for top, patterns in self._docker
        )

    def _deploys(self, folder: str) -> bool:
        names = {entry.name for entry in os.scandir(self._context / folder)}
        return "__init__.py" not in names and not names.isdisjoint(_DEPLOYMENT)
