"""Log a frequent event at once, and then at most once a minute."""

from __future__ import annotations

import time

SECONDS = 60


class OnceAMinute:
    """Remember when this process last logged each reason."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def is_due(self, reason: str = "") -> bool:
        """Return whether a minute has passed since this last returned True for ``reason``."""
        now = time.monotonic()
        last = self._said.get(reason)
        if last is not None and now - last < SECONDS:
            return False
        self._said[reason] = now
        return True
