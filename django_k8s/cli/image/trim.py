"""Remove what no process of the image reads: sources of translations, botocore's services and Brotli where only we bring them."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

# What django-storages asks, and what credentials of a pod come from.
_SERVICES = frozenset(("s3", "sts", "sso", "sso-oidc", "signin"))
# It lets people edit translations in the browser, and so reads their sources.
_EDITOR = "django-rosetta"


# It compresses static files while the image is built. Compressed files are served without it.
_COMPRESSOR = ("brotli.py", "_brotli.*", "[bB]rotli-*.dist-info")


def trim(venv: Path, build_only: Path, project: Collection[str], installed: Collection[str]) -> int:
    """Remove the files, or move them to ``build_only`` if collectstatic needs them; return how many bytes.

    ``project`` are the packages that the lock file names, ``installed`` all of them, in lower case. A project that names
    botocore may use any service of it, and one that names Brotli may use it in a view. A source without its compiled file stays, for the project may compile it.
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
