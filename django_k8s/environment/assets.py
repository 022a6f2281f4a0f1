"""The files that the package carries besides its code."""

from __future__ import annotations

from pathlib import Path


def assets() -> Path:
    """Return the directory with docker/, entrypoints/ and so on, in the wheel or the repository."""
    package = Path(__file__).parent.parent
    packaged = package / "_assets"
    return packaged if packaged.is_dir() else package.parent
