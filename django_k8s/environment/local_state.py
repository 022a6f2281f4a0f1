"""``BASE_DIR/.state``, where a development machine keeps files between runs."""

from __future__ import annotations

import contextlib
from pathlib import Path


def local_state(base_dir: Path) -> Path:
    """Create and return the directory. Git ignores it, whatever is in the project's own .gitignore.

    Never raise an exception. If the directory cannot be written, do nothing.
    """
    directory = base_dir / ".state"
    with contextlib.suppress(OSError):
        directory.mkdir(exist_ok=True)
        ignore = directory / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    return directory
