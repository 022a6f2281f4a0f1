"""Write new files all at once, or not at all; and remove them again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from django_k8s.adopt.failure import CannotAdopt
from django_k8s.environment.exit_codes import EX_CANTCREAT


def write(root: Path, texts: Mapping[str, str]) -> None:
    """Write ``texts`` below ``root``. No file may exist yet.

    They are written to a temporary folder in ``root`` first. If that or the move fails, or is interrupted, what was
    moved is removed again. Raise CannotAdopt with the reason.
    """
    there = [name for name in texts if os.path.lexists(root / name)]
    if there:
        raise CannotAdopt(
            f"{', '.join(sorted(there)[:3])} exists already, and init replaces no file. Move it, and run this again.",
            EX_CANTCREAT,
        )
    folder, moved, made = "", [], []  # type: ignore[var-annotated]
    try:
        folder = tempfile.mkdtemp(prefix=".django-k8s-", dir=root)
        for name, text in texts.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        for name in texts:
            make_folder(root, (root / name).parent, made)
            os.link(Path(folder) / name, root / name)  # fails if the file has appeared meanwhile
            moved.append(root / name)
    except BaseException as error:
        for path in moved:
            path.unlink(missing_ok=True)
        for path in reversed(made):
            path.rmdir()
        if isinstance(error, OSError):
            raise nothing_written(error, root) from None
        raise
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)


def remove(root: Path, names: Iterable[str]) -> None:
    """Remove files below ``root``, and the folders that are empty then. Raise CannotAdopt if one cannot be removed."""
    folders = set()
    try:
        for name in names:
            (root / name).unlink(missing_ok=True)
            folders |= {root / parent for parent in Path(name).parents if parent != Path()}
        for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
    except OSError as error:
        raise CannotAdopt(f"{error.filename} cannot be removed: {error.strerror}.", EX_CANTCREAT) from None


def nothing_written(error: OSError, root: Path) -> CannotAdopt:
    """Return what to say of a disk that refuses, after everything is as it was."""
    return CannotAdopt(
        f"Nothing was written: {error.filename2 or error.filename or root}: {error.strerror}. Make room or give rights,"
        " and run this again.",
        EX_CANTCREAT,
    )


def make_folder(root: Path, folder: Path, made: list[Path]) -> None:
    """Make a folder below ``root`` and those above it; note in ``made`` which were not there."""
    missing = []
    while folder != root and not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir()
        made.append(one)
