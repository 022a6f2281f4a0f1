"""Remove what an installed package records about its build, so that equal packages are equal byte by byte."""

from __future__ import annotations

from pathlib import Path

# They record when the source was changed and where it was, which for the project is a directory with a random name.
_OF_THE_BUILD = ("uv_cache.json", "direct_url.json")


def forget_build(root: Path) -> None:
    """Remove these files and their lines in RECORD, for packages below ``root`` from a local directory or wheel."""
    for package in root.rglob("*.dist-info"):
        found = [package / name for name in _OF_THE_BUILD if _is_local(package / name)]
        record = package / "RECORD"
        if not found or not record.is_file():
            continue
        names = tuple(f"{package.name}/{path.name}," for path in found)
        lines = record.read_text().splitlines(keepends=True)
        record.write_text("".join(line for line in lines if not line.startswith(names)))
        for path in found:
            path.unlink()


def _is_local(path: Path) -> bool:
    """Return whether the file exists and is about a local source. The address of a repository is kept."""
    return path.is_file() and (path.name == "uv_cache.json" or '"file:' in path.read_text())
