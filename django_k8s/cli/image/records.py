"""Leave out what an installed package says about the build: two builds of equal packages are then equal, byte by byte."""

from __future__ import annotations

from pathlib import Path

# When the source was changed, and where it was: for a project that is a package, a directory with a random name.
_OF_THE_BUILD = ("uv_cache.json", "direct_url.json")


def forget_build(root: Path) -> None:
    """Remove the files, and their lines in RECORD, of every package below ``root`` that came from a local directory or wheel."""
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
    """Return whether the file is there and no address of a repository, which tells where the code is from."""
    return path.is_file() and (path.name == "uv_cache.json" or '"file:' in path.read_text())
