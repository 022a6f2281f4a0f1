"""Remove files that no process in the image reads: translation sources, unused botocore services, and Brotli."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

# Services that django-storages uses, and those that give a pod its credentials.
_SERVICES = frozenset(("s3", "sts", "sso", "sso-oidc", "signin"))
# It edits translations in the browser, so it reads their sources.
_EDITOR = "django-rosetta"


# It compresses static files while the image is built. It is not needed to serve them.
_COMPRESSOR = ("brotli.py", "_brotli.*", "[bB]rotli-*.dist-info")


def trim(venv: Path, build_only: Path, project: Collection[str], installed: Collection[str]) -> int:
    """Remove the files, or move them to ``build_only`` if collectstatic needs them. Return their size in bytes.

    ``project`` are the packages in the lock file and ``installed`` all packages, in lower case. A project that
    locks botocore may use any of its services, and one that locks Brotli may use it in a view. A translation
    source without its compiled file is kept, because the project may compile it.
    """
    removed = 0
    for packages in venv.glob("lib/python3*/site-packages"):
        if _EDITOR not in installed:
            for path in packages.rglob("*.po"):
                if path.is_file() and path.with_suffix(".mo").is_file():
                    removed += path.stat().st_size
                    path.unlink()
        if "botocore" not in project:
            for folder in packages.glob("botocore/data/*/"):
                if folder.is_dir() and folder.name not in _SERVICES:
                    removed += sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                    shutil.rmtree(folder)
        if "brotli" not in project:
            for path in [found for pattern in _COMPRESSOR for found in packages.glob(pattern)]:
                removed += sum(file.stat().st_size for file in (path, *path.rglob("*")) if file.is_file())
                build_only.mkdir(parents=True, exist_ok=True)
                shutil.move(path, build_only / path.name)
    return removed
