"""Replace, add and remove files all at once, or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path

from django_k8s.adopt.write import make_folder, nothing_written


def exchange(root: Path, written: Mapping[str, bytes], removed: Collection[str] = ()) -> None:
    """Write ``written`` below ``root`` and remove ``removed``.

    Everything is prepared in a temporary folder in ``root``. If that or a move fails, or is interrupted, what was
    there before is put back. Raise CannotAdopt with the reason.
    """
    folder, done, made = "", [], []  # type: ignore[var-annotated]
    try:
        folder = tempfile.mkdtemp(prefix=".django-k8s-", dir=root)
        new, old = Path(folder) / "new", Path(folder) / "old"
        for name, content in written.items():
            _prepare(root / name, new / name, content)
        for name in (*written, *removed):
            if (root / name).exists():
                (old / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(root / name, old / name)
        for name in written:
            make_folder(root, (root / name).parent, made)
            done.append(name)
            (new / name).replace(root / name)
        for name in removed:
            done.append(name)
            (root / name).unlink(missing_ok=True)
    except BaseException as error:
        for name in reversed(done):
            # The last one may not have been moved, so there is nothing to put back.
            with suppress(OSError):
                if (old / name).exists():
                    (old / name).replace(root / name)
                else:
                    (root / name).unlink()
        for path in reversed(made):
            with suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError):
            raise nothing_written(error, root) from None
        raise
    finally:
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
    _remove_empty(root, removed)


def _prepare(target: Path, path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    if target.exists():
        shutil.copymode(target, path)


def _remove_empty(root: Path, names: Collection[str]) -> None:
    """Remove the folders that are empty now. One that cannot be removed harms nobody."""
    folders = {root / parent for name in names for parent in Path(name).parents if parent != Path()}
    for folder in sorted(folders, key=lambda path: len(path.parts), reverse=True):
        with suppress(OSError):  # not empty, or not there
            folder.rmdir()
