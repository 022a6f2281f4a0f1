"""What heartbeats say about a role: whether it lives, and whether it is ready.

Busy is not dead: a web process with every thread taken lives as long as threads finish, and a worker
that reconnects to its broker lives for a while. No rule looks at a database or any other dependency.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import NamedTuple

from django_k8s.probe import heartbeat
from django_k8s.probe.heartbeat import Record


class Verdict(NamedTuple):
    """Whether it is so, and a few words for the log of whoever asked; nothing that helps a stranger."""

    good: bool
    text: str


BLOCKED_SECONDS = 60.0  # for which a beat that cannot publish counts as ready

OK = Verdict(True, "ok")
UNWATCHED = Verdict(True, "running, without heartbeats")
NO_DISK = Verdict(True, "the disk takes no heartbeats")


class Limits(NamedTuple):
    """Seconds: see the variables HEARTBEAT_STALENESS_SECONDS, STALL_SECONDS, WORKER_RECONNECT_SECONDS."""

    staleness: float
    stall: float = 0
    reconnect: float = 0


class Judge:
    """Judges a role by the heartbeats in its directory.

    Silence says nothing while the disk takes no heartbeat: then nothing is restarted.

    A role that need not write heartbeats is judged by them from its first one on. Until then, that it runs is enough: the
    listener ends with it.

    ``seen`` is the time of its last sign of life; at first that is its start, so that a role has the
    staleness to come up, and its processes have it to be replaced when all of them are gone.
    """

    def __init__(self, directory: Path, limits: Limits, needed: bool = True) -> None:
        self.directory, self.limits, self.needed = directory, limits, needed
        self.seen = time.monotonic()
        self._refused = -math.inf  # when the disk last took nothing
        self._written = False  # whether there was a heartbeat

    def live(self) -> Verdict:
        """Whether the role should go on running; a false one restarts the container."""
        beats, now = self.heartbeats(), time.monotonic()
        if not beats:
            if not (self.needed or self._written):
                return UNWATCHED
            if now - self.seen <= self.limits.staleness:
                return Verdict(True, "starting")
            return NO_DISK if self._disk_refuses(now) else Verdict(False, "no heartbeat")
        # One process in trouble is enough: it goes on taking its share of the connections.
        verdict = OK
        for beat in beats:
            if trouble := self._trouble(beat, now):
                if not (self._silent(beat, now) and self._disk_refuses(now)):
                    return Verdict(False, trouble)
                verdict = NO_DISK
        return verdict

    def ready(self) -> Verdict:
        """Whether the role does its work at this moment."""
        beats, now = self.heartbeats(), time.monotonic()
        if not (beats or self.needed or self._written):
            return UNWATCHED
        blocked = [beat for beat in beats if beat["state"] == "blocked"]
        patient = [beat for beat in blocked if now - beat["since"] <= BLOCKED_SECONDS]
        working = [beat for beat in beats if beat["state"] == "ok"] + patient
        if any(not self._silent(beat, now) for beat in working):
            return OK
        if working and self._disk_refuses(now):
            return NO_DISK
        return Verdict(False, "publishes nothing" if blocked else "not ready")

    def heartbeats(self) -> list[Record]:
        """Read the heartbeats; done now and then, nothing is missed where nobody asks for long."""
        beats = list(heartbeat.read(self.directory))
        self.seen = max([self.seen, *(beat["at"] for beat in beats)])
        self._written = self._written or bool(beats)
        return beats

    def _disk_refuses(self, now: float) -> bool:
        """Whether the disk takes no heartbeat, or took none until less than the staleness ago."""
        if heartbeat.disk_error(self.directory):
            self._refused = now
        return now - self._refused <= self.limits.staleness

    def _silent(self, beat: Record, now: float) -> bool:
        return bool(now - beat["at"] > beat.get("within", self.limits.staleness))

    def _trouble(self, beat: Record, now: float) -> str:
        if beat["state"] == "reconnecting":
            too_long = now - beat["since"] > self.limits.reconnect
            return "reconnecting for too long" if too_long else ""
        if self._silent(beat, now):
            return "heartbeat is stale"
        full = "threads" in beat and beat["busy"] >= beat["threads"]
        if full and self.limits.stall and now - beat["since"] > self.limits.stall:
            return "stalled"
        return ""
