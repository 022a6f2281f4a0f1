"""Media can be stored."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages

from django_k8s.health.results import Unhealthy


class Storage:
    """The default storage can be used.

    A directory: a small file is written, read and deleted. A bucket: asked for with one HEAD request,
    which needs its name, its URL and the credentials to be right, on Google Cloud and Azure with one GET request. Nothing is
    written there: with versions on, every probe would leave one forever. Any other storage is asked for a name.
    """

    def __init__(self) -> None:
        self._client: Any = None

    def __call__(self, timeout: float) -> None:
        """Raises what the storage raises, or Unhealthy when a file does not come back."""
        storage: Any = storages["default"]
        if isinstance(storage, FileSystemStorage):
            _write(storage)
        elif hasattr(storage, "bucket_name") and hasattr(storage, "connection"):
            # The storage makes a client for each thread, which takes more CPU than all else here.
            self._client = self._client or storage.connection.meta.client
            self._client.head_bucket(Bucket=storage.bucket_name)
        elif hasattr(storage, "check"):
            storage.check()
        else:
            storage.exists("django-k8s-health")


def _write(storage: FileSystemStorage) -> None:
    content = secrets.token_bytes(16)
    name = storage.save(f".health-{secrets.token_hex(8)}", ContentFile(content))
    try:
        with storage.open(name) as file:
            if file.read() != content:
                raise Unhealthy("the file that was written could not be read back")
    finally:
        storage.delete(name)
