"""Remove what no process of the image reads: sources of translations, and botocore's services that only this library needs."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

# What django-storages asks, and what credentials of a pod come from.
_SERVICES = frozenset(("s3", "sts", "sso", "sso-oidc", "signin"))
# It lets people edit translations in the browser, and so reads their sources.
_EDITOR = "django-rosetta"


def trim(venv: Path, project: Collection[str], installed: Collection[str]) -> int:
    """Remove the files; return how many bytes.

    ``project`` are the packages that the lock file names, ``installed`` all of them, in lower case. A project that names
    botocore may use any service of it. A source without its compiled file stays, for the project may compile it.
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
    return removed
