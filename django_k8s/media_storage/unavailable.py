"""What every bucket raises when it cannot be used."""

from __future__ import annotations


class MediaUnavailable(OSError):
    """The bucket cannot be used now. The text says why and what to check, and contains no secret.

    An OSError, as a full or a missing disk gives, so that a project handles all storages alike.
    """
