"""What all kinds of buckets have in common: every failure is explained."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any


class Bucket:
    """Comes before a storage of django-storages: its failures are explained by the subclass's ``explained``."""

    @staticmethod
    def explained(name: str = "") -> AbstractContextManager[None]:
        """Turn what the bucket's library raises into a MediaUnavailable; a missing object ``name`` may be told apart."""
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
        """Whether there is an object ``name``."""
        with self.explained():
            found: bool = super().exists(name)  # type: ignore[misc]
        return found

    def size(self, name: str) -> int:
        """The size of the object ``name`` in bytes. Raises FileNotFoundError if the bucket can tell that there is none."""
        with self.explained(name):
            size: int = super().size(name)  # type: ignore[misc]
        return size


class BucketFile:
    """Comes before a file of django-storages, which downloads at the first read: that failure is explained too."""

    name: str
    _storage: Bucket

    @property
    def file(self) -> Any:
        """What has been downloaded."""
        with self._storage.explained(self.name):
            return super().file  # type: ignore[misc]

    @file.setter
    def file(self, content: Any) -> None:
        super(BucketFile, type(self)).file.fset(self, content)  # type: ignore[misc]
