"""Record and report since when and why nothing can be published."""

from __future__ import annotations

import logging
import time

from django_k8s.environment.masking import mask
from django_k8s.observability.once_a_minute import OnceAMinute


class Outage:
    """What currently keeps this beat from publishing, if anything does.

    ``since`` is the beginning, by the clock and by time.monotonic, or None if there is no outage.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._lines = OnceAMinute()
        self._told = False  # whether this outage has been logged
        self.since: tuple[float, float] | None = None

    def goes_on(self, reason: str, error: BaseException | None = None) -> None:
        """Note that nothing can be published, because of ``reason``. Log it at once, and then once a minute."""
        now = time.monotonic()
        if self.since is None:
            self.since = time.time(), now
        if not self._lines.is_due(f"{reason} {type(error).__name__}"):
            return
        self._told = True
        self._logger.error(
            "beat: nothing is published: %s%s; trying again (for %.0f s so far)",
            reason, f" ({one_line(error)})" if error else "", now - self.since[1],
        )  # fmt: skip

    def is_over(self) -> None:
        """Note that this beat or another one publishes."""
        if self.since is None:
            return
        if self._told:
            self._logger.info("beat: all is well again after %.0f s", time.monotonic() - self.since[1])
        self.since, self._told = None, False

    def fields(self) -> dict[str, object]:
        """Return what the heartbeat says about the outage."""
        return {"state": "blocked", "since": self.since[1]} if self.since else {}


def one_line(error: BaseException) -> str:
    """Return the kind and the text of ``error`` on one line, without secrets."""
    # Mask the whole text before it is cut: otherwise a part of a secret could remain.
    text = " ".join(mask(str(error)).split())[:300]
    return f"{type(error).__name__}: {text}".removesuffix(": ")
