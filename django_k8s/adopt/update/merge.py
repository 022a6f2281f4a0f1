"""Three-way merge of one file, by git."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from django_k8s.adopt.failure import CannotAdopt
from django_k8s.environment.exit_codes import EX_UNAVAILABLE

YOURS = "yours"
_MARK = f"<<<<<<< {YOURS}".encode()
_MANY = 127  # the highest number of conflicts that git reports; a higher exit status is a failure


@dataclass(frozen=True)
class Merged:
    """The result of a merge, and the number of conflicts marked in it."""

    text: bytes
    conflicts: int


def merge(name: str, base: bytes, ours: bytes, theirs: bytes, *, version: str) -> Merged:
    """Apply the changes from ``base`` to ``theirs`` to ``ours``, and mark conflicts as git does.

    The line endings of ``ours`` are kept. Raise CannotAdopt if git is missing or cannot merge the file.
    """
    windows = b"\r\n" in ours and ours.count(b"\r\n") == ours.count(b"\n")
    texts = [text.replace(b"\r\n", b"\n") if windows else text for text in (ours, base, theirs)]
    with TemporaryDirectory(prefix="django-k8s-") as folder:
        files = [Path(folder) / one for one in ("ours", "base", "theirs")]
        for file, text in zip(files, texts, strict=True):
            file.write_bytes(text)
        ended = _git(files, (YOURS, "as it was written", f"django-k8s {version}"))
    if ended.returncode > _MANY or ended.returncode < 0:
        reason = ended.stderr.decode(errors="replace").strip() or "git gave no reason"
        raise CannotAdopt(
            f"git cannot merge {name}: {reason}. Rename the file and run `django-k8s update` again, which then skips it."
        )
    merged = ended.stdout.replace(b"\n", b"\r\n") if windows else ended.stdout
    return Merged(merged, ended.returncode)


def marked(text: bytes) -> int:
    """Return the line of the first conflict that an earlier update has marked, or 0 if there is none."""
    return next((number for number, line in enumerate(text.splitlines(), 1) if line == _MARK), 0)


def _git(files: Sequence[Path], labels: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    named = [part for label in labels for part in ("-L", label)]
    # Override the user's conflict style, so that the marks are the same everywhere.
    command = ["git", "-c", "merge.conflictStyle=merge", "merge-file", "-p", *named, *map(str, files)]
    try:
        return subprocess.run(command, capture_output=True, check=False)  # noqa: S603
    except FileNotFoundError:
        raise CannotAdopt("git is not installed. Install it, and run this again.", EX_UNAVAILABLE) from None
