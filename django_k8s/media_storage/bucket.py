"""The base of all kinds of buckets, which explains every failure."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any


class Bucket:
    """A base class before a storage of django-storages. The method ``explained`` explains its failures."""

    @staticmethod
    def explained(name: str = "") -> AbstractContextManager[None]:
        """Turn exceptions of the bucket's library into MediaUnavailable, or FileNotFoundError if ``name`` is missing."""
        raise NotImplementedError

    def _save(self, name: str, content: Any) -> str:
        with self.explained():
            saved: str = super()._save(name, content)  # type: ignore[misc]
        return saved

    def delete(self, name: str) -> None:
        """Delete the object ``name``."""
        with self.explained():
            super().delete(name)  # type: ignore[misc]

    def exists(self, name: str) -> bool:
        """Return whether there is an object ``name``."""
        with self.explained():
            found: bool = super().exists(name)  # type: ignore[misc]
        return found

    def size(self, name: str) -> int:
        """Return the size of the object ``name`` in bytes.

        Raise FileNotFoundError if the bucket can tell that there is none.
        """
        with self.explained(name):
            size: int = super().size(name)  # type: ignore[misc]
        return size


class BucketFile:
    """A base class before a file of django-storages, which downloads at the first read. It explains that failure."""

    name: str
    _storage: Bucket

    @property
    def file(self) -> Any:
        """The downloaded content."""
        with self._storage.explained(self.name):
            return super().file  # type: ignore[misc]

    @file.setter
    def file(self, content: Any) -> None:
        super(BucketFile, type(self)).file.fset(self, content)  # type: ignore[misc]
