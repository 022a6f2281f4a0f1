"""The health check of the media storage."""

from __future__ import annotations

import secrets
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, storages

from django_k8s.health.results import Unhealthy


class Storage:
    """Check that the default storage can be used.

    In a directory, write, read and delete a small file. For a bucket, send one HEAD request, or one GET request on Google
    Cloud and Azure, which succeeds only if the name, the URL and the credentials are right. Nothing is written there,
    because a bucket that keeps versions would keep one for every probe. Ask any other storage whether a file exists.
    """

    def __init__(self) -> None:
        self._client: Any = None

    def __call__(self, timeout: float) -> None:
        """Raise Unhealthy if the file cannot be read back, or what the storage raises."""
        storage: Any = storages["default"]
        if isinstance(storage, FileSystemStorage):
            _write(storage)
        elif hasattr(storage, "bucket_name") and hasattr(storage, "connection"):
            # The storage creates a client for each thread, which uses more CPU than everything else here.
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
