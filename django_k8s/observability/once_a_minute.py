"""What happens often is logged at once, and then at most once a minute."""

from __future__ import annotations

import time

SECONDS = 60


class OnceAMinute:
    """Knows when this process has said something last."""

    def __init__(self) -> None:
        self._said: dict[str, float] = {}

    def is_due(self, reason: str = "") -> bool:
        """Return whether a minute has passed since this was last true for ``reason``."""
        now = time.monotonic()
        last = self._said.get(reason)
        if last is not None and now - last < SECONDS:
            return False
        self._said[reason] = now
        return True
