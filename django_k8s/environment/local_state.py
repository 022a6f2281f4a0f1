"""``BASE_DIR/.state``: what a development machine keeps between runs."""

from __future__ import annotations

import contextlib
from pathlib import Path


def local_state(base_dir: Path) -> Path:
    """Return the directory. It is made so that git ignores it, whatever the project's own .gitignore says.

    Never raises: where nothing can be written, nothing is.
    """
    directory = base_dir / ".state"
    with contextlib.suppress(OSError):
        directory.mkdir(exist_ok=True)
        ignore = directory / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n")
    return directory
