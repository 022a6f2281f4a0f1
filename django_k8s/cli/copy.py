"""``django-k8s copy``: copy the bundled Dockerfiles, chart, manifests or example project."""

from __future__ import annotations

import filecmp
import shutil
import sys
from pathlib import Path
from typing import Any

from django_k8s.environment.assets import assets
from django_k8s.environment.exit_codes import EX_CANTCREAT

# What is copied: directories among the package's files, and where each goes below the destination.
_PARTS = {
    "docker": {"docker": "."},  # without the entrypoints: an image uses those in the package
    "chart": {"charts/django": "."},
    "manifests": {"manifests": "."},
    "example": {"example_project": "."},
}
_LEFT_OUT = shutil.ignore_patterns(
    "__pycache__",
    "*.pyc",
    "db.sqlite3*",
    "staticfiles",
    "media",
    ".state",
    ".mypy_cache",
    ".ruff_cache",
    ".env",
    "node_modules",
)


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "copy",
        help="copy the Dockerfiles, the chart, the manifests or the example into your project",
        description="Copy the Dockerfiles, the chart, the manifests or the example into your project.",
    )
    parser.add_argument("what", choices=tuple(_PARTS), help="what to copy")
    parser.add_argument("destination", type=Path, help="a directory; created if it does not exist")
    parser.add_argument("--force", action="store_true", help="overwrite files that differ")
    parser.set_defaults(run=lambda given: copy_out(given.what, given.destination, force=given.force))


def copy_out(what: str, destination: Path, *, force: bool = False) -> int:
    """Copy one of ``docker``, ``chart``, ``manifests`` and ``example`` to ``destination``.

    If an existing file differs, nothing is copied unless ``force`` is set. Return 0, or 73 (EX_CANTCREAT) with a
    message on standard error.
    """
    pairs = [
        pair
        for source, below in _PARTS[what].items()
        for pair in _files(assets() / source, destination / below)
    ]
    if not pairs:
        print(f"django-k8s: this installation does not contain the {what}.", file=sys.stderr)
        return EX_CANTCREAT
    differing = [target for source, target in pairs if target.exists() and not _same(source, target)]
    if differing and not force:
        names = ", ".join(str(target) for target in differing[:5]) + (" ..." if len(differing) > 5 else "")
        print(
            f"django-k8s: nothing was copied, these files differ: {names}. Use --force to overwrite them.",
            file=sys.stderr,
        )
        return EX_CANTCREAT
    try:
        for source, target in pairs:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    except OSError as error:
        print(f"django-k8s: cannot write {error.filename}: {error.strerror}.", file=sys.stderr)
        return EX_CANTCREAT
    print(f"{len(pairs)} files are in {destination}")
    return 0


def _same(source: Path, target: Path) -> bool:
    return target.is_file() and filecmp.cmp(source, target, shallow=False)


def _files(source: Path, target: Path) -> list[tuple[Path, Path]]:
    if not source.is_dir():
        return []
    entries = sorted(source.iterdir())
    left_out = _LEFT_OUT(str(source), [entry.name for entry in entries])
    pairs: list[tuple[Path, Path]] = []
    for entry in entries:
        if entry.name in left_out:
            continue
        pairs += _files(entry, target / entry.name) if entry.is_dir() else [(entry, target / entry.name)]
    return pairs
