"""Write, replace and remove files: all of them, or none."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from django_k8s.adopt.failure import CannotAdopt
from django_k8s.environment.exit_codes import EX_CANTCREAT


def write(root: Path, texts: Mapping[str, str]) -> None:
    """Write ``texts`` below ``root``, all of them or none. Raise CannotAdopt if one exists or cannot be written."""
    there = [name for name in texts if os.path.lexists(root / name)]
    if there:
        raise CannotAdopt(
            f"{', '.join(sorted(there)[:3])} exists already, and init replaces no file. Move it, and run this again.",
            EX_CANTCREAT,
        )
    exchange(root, {name: text.encode() for name, text in texts.items()}, replace=False)


def exchange(
    root: Path, written: Mapping[str, bytes], removed: Collection[str] = (), *, replace: bool = True
) -> None:
    """Write ``written`` below ``root`` and remove ``removed``.

    Everything is prepared in a temporary directory in ``root``. If anything fails or is interrupted, the previous files
    are restored. Without ``replace``, an existing file is a failure. Raise CannotAdopt with the reason.
    """
    folder, done, made = "", [], []  # type: ignore[var-annotated]
    try:
        folder = tempfile.mkdtemp(prefix=".django-k8s-", dir=root)
        new, old = Path(folder) / "new", Path(folder) / "old"
        for name, content in written.items():
            _prepare(root / name, new / name, content)
        for name in (*written, *removed) if replace else ():
            if (root / name).exists():
                (old / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, old / name)
        for name in written:
            _make_folder(root, (root / name).parent, made)
            done.append(name)
            if replace:
                (new / name).replace(root / name)
            else:
                os.link(new / name, root / name)  # fails if the file exists by now
        for name in removed:
            done.append(name)
            (root / name).unlink(missing_ok=True)
    except BaseException as error:
        for name in reversed(done):
            # If the last file was not moved yet, there is nothing to restore.
            with suppress(OSError):
                if (old / name).exists():
                    (old / name).replace(root / name)
                elif replace or (root / name).samefile(new / name):
                    (root / name).unlink()
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError):
            raise CannotAdopt(
                f"Nothing was written: {error.filename2 or error.filename or root}: {error.strerror}. Free some space "
                "or change the permissions, and run this again.",
                EX_CANTCREAT,
            ) from None
        raise
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
    _remove_empty(root, removed)


def remove(root: Path, names: Collection[str]) -> None:
    """Remove files below ``root``, and the directories that this leaves empty.

    Raise CannotAdopt if a file cannot be removed.
    """
    try:
        for name in names:
            (root / name).unlink(missing_ok=True)
    except OSError as error:
        raise CannotAdopt(f"{error.filename} cannot be removed: {error.strerror}.", EX_CANTCREAT) from None
    _remove_empty(root, names)


def _prepare(target: Path, path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if target.exists():
        shutil.copymode(target, path)


def _remove_empty(root: Path, names: Collection[str]) -> None:
    """Remove the directories of these files that are now empty. Ignore those that cannot be removed."""
    folders = {root / parent for name in names for parent in Path(name).parents if parent != Path()}
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):  # not empty, or missing
            folder.rmdir()


def _make_folder(root: Path, folder: Path, made: list[Path]) -> None:
    """Create a directory below ``root`` with its parents. Append those that did not exist to ``made``."""
    missing = []
    while folder != root and not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir()
        made.append(one)
