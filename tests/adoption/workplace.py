"""The copy of the project that is adopted: the original is never touched."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_HUNK_LINE = re.compile(r"[+-](?![+-]{2} )")


class CannotCopy(Exception):
    """The project cannot be copied or patched; the text is a sentence for the person who ran the script."""


@dataclass(frozen=True)
class Workplace:
    """A copy of a project in a directory of its own, under version control."""

    root: Path

    def git(self, *arguments: str) -> str:
        """Run git in the copy and return what it prints. Raise CannotCopy if it fails."""
        identity = [
            "-c",
            "user.name=adoption",
            "-c",
            "user.email=adoption@example.org",
            "-c",
            "core.hooksPath=/dev/null",
        ]
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.root,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            raise CannotCopy(f"`git {arguments[0]}` failed: {done.stderr.strip()}")
        return done.stdout

    def changed_lines(self) -> int:
        """Return how many lines of files that the project had before are other now."""
        counts = [line.split("\t")[:2] for line in self.git("diff", "--numstat", "HEAD", "--").splitlines()]
        return sum(int(number) for pair in counts for number in pair if number.isdigit())

    def new_files(self) -> list[str]:
        """Return the files that the project did not have before, without those that git ignores."""
        return self.git("ls-files", "--others", "--exclude-standard").splitlines()

    def digest(self, names: list[str]) -> str:
        """Return what tells the content of these files from another."""
        digest = hashlib.sha256()
        for name in names:
            file = self.root / name
            digest.update(name.encode() + b"\0" + (file.read_bytes() if file.is_file() else b"") + b"\0")
        return digest.hexdigest()

    def apply(self, patch: Path) -> int:
        """Apply the lines that a person would write by hand and return how many there are."""
        self.git("apply", "--whitespace=nowarn", str(patch.resolve()))
        return written_lines(patch.read_text())


def written_lines(patch: str) -> int:
    """Return how many lines a patch adds or removes. Blank lines and comments count: somebody has to write them."""
    return sum(1 for line in patch.splitlines() if _HUNK_LINE.match(line) or line in ("+", "-"))


def copy(project: Path, target: Path) -> Workplace:
    """Copy ``project`` with its repository to ``target``, or make a repository of it if it has none."""
    if not project.is_dir():
        raise CannotCopy(f"{project} is not a directory. Name the project's: make adopt PROJECT=DIR.")
    shutil.copytree(project, target, symlinks=True)
    workplace = Workplace(target)
    if not (target / ".git").exists():
        workplace.git("init", "-q")
        workplace.git("add", "-A")
        workplace.git("commit", "-q", "-m", "The project before its adoption")
    return workplace
