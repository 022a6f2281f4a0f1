"""What an update does with each file. This is decided for all files before any is written."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from django_k8s.adopt import record
from django_k8s.adopt.failure import CannotAdopt
from django_k8s.adopt.update.merge import marked, merge
from django_k8s.environment.exit_codes import EX_CONFIG

# updated: the project has not edited the file. merged: its edits and the new text fit together. conflict: they do not.
# added, removed: the file is new in this version, or no longer in it. deleted: the project has deleted it, so it stays
# deleted. kept: this version no longer writes it, but the project has edited it. taken: the project has its own file
# there.
Kind = Literal["updated", "merged", "conflict", "added", "removed", "deleted", "kept", "taken"]


@dataclass(frozen=True)
class Change:
    """What happens to one file. ``content`` is its new content, or None if it is removed or left alone."""

    name: str
    kind: Kind
    content: bytes | None = None
    conflicts: int = 0

    @property
    def waits(self) -> bool:
        """Whether this change makes an update necessary."""
        return self.kind in ("updated", "merged", "conflict", "added", "removed")


def changes(root: Path, earlier: record.Record, texts: Mapping[str, str], *, version: str) -> list[Change]:
    """Return what an update does. ``texts`` are the files of this version. Unchanged files have no entry.

    Raise CannotAdopt if a file cannot be read, or still has the marks of an earlier conflict.
    """
    names = sorted({*earlier.files, *texts})
    found = (_change(root, earlier, name, texts.get(name), version) for name in names)
    return [change for change in found if change is not None]


def _change(root: Path, earlier: record.Record, name: str, text: str | None, version: str) -> Change | None:
    known = name in earlier.files
    base = record.base(root, name) if known else None
    path = root / name
    theirs = None if text is None else text.encode()
    if not os.path.lexists(path):
        if theirs is None:
            return None
        return Change(name, "deleted") if known else Change(name, "added", theirs)
    if path.is_symlink() or not path.is_file():
        return Change(name, "taken")
    ours = _content(path, name)
    if theirs is None:
        return Change(name, "removed" if base is not None and _same(ours, base.encode()) else "kept")
    if not known:
        return None if _same(ours, theirs) else Change(name, "taken")
    if base == text or _same(ours, theirs):
        return None
    # Without the original text, every difference is a conflict.
    written = (base or "").encode()
    if base is not None and _same(ours, written):
        return Change(name, "updated", theirs)
    merged = merge(name, written, ours, theirs, version=version)
    if merged.conflicts:
        return Change(name, "conflict", merged.text, merged.conflicts)
    return None if merged.text == ours else Change(name, "merged", merged.text)


def _content(path: Path, name: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CannotAdopt(
            f"{name} cannot be read: {error.strerror}. Nothing was written.", EX_CONFIG
        ) from None
    if line := marked(content):
        raise CannotAdopt(
            f"{name}:{line} still has the marks of a conflict. Resolve it, commit, and run this again.",
            EX_CONFIG,
        )
    return content


def _same(one: bytes, other: bytes) -> bool:
    """Return whether two files are equal except for their line endings, which git may have changed."""
    return one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")
