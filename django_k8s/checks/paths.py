"""Find the paths in settings that this process cannot write."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings

# Django writes to the paths in these settings, whatever the backend is.
_WRITTEN = ("FILE_UPLOAD_TEMP_DIR", "SESSION_FILE_PATH", "EMAIL_FILE_PATH")


def unwritable() -> Iterator[tuple[str, Path]]:
    """Yield each setting whose path this process has to write but cannot, and the path."""
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
    # Search indexes of django-haystack in files.
    for alias, index in getattr(settings, "HAYSTACK_CONNECTIONS", {}).items():
        if path := index.get("PATH"):
            yield f"HAYSTACK_CONNECTIONS[{alias!r}]['PATH']", path
