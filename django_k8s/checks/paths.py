"""What the system checks find out about the paths that settings name."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

# A path in one of these settings is written to, whatever the backend is.
_WRITTEN = ("FILE_UPLOAD_TEMP_DIR", "SESSION_FILE_PATH", "EMAIL_FILE_PATH")


def unwritable() -> Iterator[tuple[str, Path]]:
    """Yield each setting with a path that this process has to write and cannot, and the path."""
    for name, value in _named():
        path = Path(str(value)).absolute()
        folder = next(parent for parent in (path, *path.parents) if parent.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK):
            yield name, path


def _named() -> Iterator[tuple[str, Any]]:
    for name in _WRITTEN:
        if value := getattr(settings, name, None):
            yield name, value
    for alias, cache in settings.CACHES.items():
        if cache.get("BACKEND", "").endswith("FileBasedCache"):
            yield f"CACHES[{alias!r}]['LOCATION']", cache.get("LOCATION", "")
    # Search indexes of django-haystack that are files.
    for alias, index in getattr(settings, "HAYSTACK_CONNECTIONS", {}).items():
        if path := index.get("PATH"):
            yield f"HAYSTACK_CONNECTIONS[{alias!r}]['PATH']", path
