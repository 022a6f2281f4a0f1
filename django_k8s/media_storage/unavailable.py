"""The exception for a bucket that cannot be used."""

from __future__ import annotations


class MediaUnavailable(OSError):
    """The bucket cannot be used now. The message says why and what to check, and contains no secret.

    This is an OSError, like the error for a full or missing disk, so that a project can handle all storages alike.
    """
