"""Where the files are that the package carries beside its code."""

from __future__ import annotations

from pathlib import Path


def assets() -> Path:
    """The directory that holds docker/, entrypoints/ and the rest: in the wheel, or the repository."""
    package = Path(__file__).parent.parent
    packaged = package / "_assets"
    return packaged if packaged.is_dir() else package.parent
