"""What heartbeats say about a role: whether it lives, and whether it is ready.

Busy is not dead: a web process with every thread taken lives as long as threads finish, and a worker
that reconnects to its broker lives for a while. No rule looks at a database or any other dependency.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from django_k8s.probe import heartbeat
from django_k8s.probe.heartbeat import Record


class Verdict(NamedTuple):
    """Whether it is so, and a few words for the log of whoever asked; nothing that helps a stranger."""

    good: bool
    text: str


OK = Verdict(True, "ok")


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: see the variables HEARTBEAT_STALENESS_SECONDS, STALL_SECONDS, WORKER_RECONNECT_SECONDS."""

    staleness: float
    stall: float = 0
    reconnect: float = 0


@dataclass
class Judge:
    """Judges a role by the heartbeats in its directory.

    ``seen`` is the time of its last sign of life; at first that is its start, so that a role has the
    staleness to come up, and its processes have it to be replaced when all of them are gone.
    """

    directory: Path
    limits: Limits
    seen: float = field(default_factory=time.monotonic)

    def live(self) -> Verdict:
        """Whether the role should go on running; a false one restarts the container."""
        beats, now = self.heartbeats(), time.monotonic()
        if not beats:
            waiting = now - self.seen <= self.limits.staleness
            return Verdict(waiting, "starting" if waiting else "no heartbeat")
        return self._first_trouble(beats, now) or OK

    def ready(self) -> Verdict:
        """Whether the role does its work at this moment."""
        beats, now = self.heartbeats(), time.monotonic()
        if any(beat["state"] == "ok" and now - beat["at"] <= self.limits.staleness for beat in beats):
            return OK
        return Verdict(False, "not ready")

    def heartbeats(self) -> list[Record]:
        """Read the heartbeats; done now and then, nothing is missed where nobody asks for long."""
        beats = list(heartbeat.read(self.directory))
        self.seen = max([self.seen, *(beat["at"] for beat in beats)])
        return beats

    def _first_trouble(self, beats: Iterable[Record], now: float) -> Verdict | None:
        # One process in trouble is enough: it goes on taking its share of the connections.
        return next((Verdict(False, text) for beat in beats if (text := self._trouble(beat, now))), None)

    def _trouble(self, beat: Record, now: float) -> str:
        if beat["state"] == "reconnecting":
            too_long = now - beat["since"] > self.limits.reconnect
            return "reconnecting for too long" if too_long else ""
        if now - beat["at"] > self.limits.staleness:
            return "heartbeat is stale"
        full = "threads" in beat and beat["busy"] >= beat["threads"]
        if full and self.limits.stall and now - beat["since"] > self.limits.stall:
            return "stalled"
        return ""
