"""Read files of the build context, and copy them for a later step."""

from __future__ import annotations

import platform
import posixpath
import re
import shutil
from pathlib import Path

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from django_k8s.cli.image.plan import Refusal
from django_k8s.cli.image.selection import select
from django_k8s.environment.exit_codes import EX_NOINPUT

# The versions that a message may suggest.
_PYTHONS = ("3.14", "3.13", "3.12", "3.11")


class Context:
    """Copy files of the build context into a directory for a later step, at the same paths."""

    def __init__(self, context: Path, target: Path) -> None:
        self.path = context
        self._target = target
        self.texts: set[str] = set()  # the files that determine what is installed

    def directory(self, argument: str, name: str) -> str:
        """Return the path of a directory in a build argument, or "" for the context itself.

        Raise Refusal if there is no such directory.
        """
        path = posixpath.normpath(name or ".").removeprefix("/").removeprefix(".")
        if path.startswith((".", "/")) or not (self.path / path).is_dir():
            raise Refusal(f"{argument}: {name} is not a directory of the build context.", EX_NOINPUT)
        return path

    def is_file(self, name: str) -> bool:
        """Return whether the context has this file. Files outside of the context do not count."""
        return _inside(name) and (self.path / name).is_file()

    def is_directory(self, name: str) -> bool:
        """Return whether the context has this directory."""
        return _inside(name) and (self.path / name).is_dir()

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.path / name).read_text("utf-8-sig")

    def write(self, name: str, text: str) -> None:
        """Copy a file with other contents."""
        place = self._target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
        self.texts.add(name)

    def copy(self, name: str, *, optional: bool = False) -> None:
        """Copy a file. Raise Refusal if it is missing, unless it is optional."""
        if not self.is_file(name):
            if optional:
                return
            raise Refusal(
                f"{name} is needed to install the dependencies, and is not in the build context.", EX_NOINPUT
            )
        place = self._target / name
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.path / name, place)
        self.texts.add(name)

    def copy_tree(self, name: str) -> None:
        """Copy a directory without ignored files. Raise Refusal if it is missing."""
        name = "" if name == "." else name
        if not self.is_directory(name):
            raise Refusal(
                f"{name} is needed to install the dependencies, and is not in the build context.", EX_NOINPUT
            )
        for path in self.files(name):
            place = self._target / path
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.path / path, place, follow_symlinks=False)

    def files(self, name: str) -> list[str]:
        """Return the files of a directory that no ignore file excludes."""
        return select(self.path, name, []).files

    def copy_any(self, name: str) -> None:
        """Copy a file or a directory."""
        if self.is_directory(name):
            self.copy_tree(name)
        else:
            self.copy(name)

    def check_python(self, source: str, requires: str) -> None:
        """Raise Refusal if a file requires a Python other than this one."""
        try:
            wanted = SpecifierSet(_specifiers(requires))
        except InvalidSpecifier:
            return  # the tool that installs it reports it
        here = platform.python_version()
        if wanted.contains(here, prereleases=True):
            return
        fitting = [version for version in _PYTHONS if wanted.contains(f"{version}.99")]
        advice = (
            f"Build with --build-arg PYTHON_IMAGE=python:{fitting[0]}-slim."
            if fitting
            else "Build with a PYTHON_IMAGE that has it."
        )
        raise Refusal(f"{source} requires Python {requires}, and PYTHON_IMAGE has {here}. {advice}")


def holds(folder: str, other: str) -> bool:
    """Return whether a directory equals or contains another one."""
    return not folder or other == folder or other.startswith(f"{folder}/")


def _inside(name: str) -> bool:
    return not posixpath.isabs(name) and posixpath.normpath(name).split("/")[0] != ".."


def _specifiers(requires: str) -> str:
    """Return a version range of Poetry in the standard notation."""
    requires = re.sub(
        r"\^(\d+)([\d.]*)", lambda found: f">={found[1]}{found[2]},<{int(found[1]) + 1}", requires
    )
    requires = re.sub(r"(?<![~=<>!])~(\d+\.\d+)\b", r"~=\1.0", requires)
    return "" if "||" in requires or requires.strip() == "*" else requires
