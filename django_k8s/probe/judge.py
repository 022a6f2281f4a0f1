"""Judge by its heartbeats whether a role is alive, and whether it is ready.

Busy is not dead: a web process whose threads are all busy is alive as long as threads finish, and a worker that tries
to reach its broker is alive for a while. No rule asks a database or any other dependency.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import NamedTuple

from django_k8s.probe import heartbeat
from django_k8s.probe.heartbeat import Record


class Verdict(NamedTuple):
    """The verdict, with a few words for the log. They contain nothing that helps a stranger."""

    good: bool
    text: str


BLOCKED_SECONDS = 60.0  # how long a beat that cannot publish still counts as ready

OK = Verdict(True, "ok")
UNWATCHED = Verdict(True, "running, without heartbeats")
NO_DISK = Verdict(True, "the disk takes no heartbeats")


class Limits(NamedTuple):
    """The variables HEARTBEAT_STALENESS_SECONDS, STALL_SECONDS and WORKER_RECONNECT_SECONDS, in seconds."""

    staleness: float
    stall: float = 0
    reconnect: float = 0


class Judge:
    """Judge a role by the heartbeats in its directory.

    While the disk accepts no heartbeat, silence proves nothing, so nothing is restarted.

    If heartbeats are optional for a role, they count from the first one on. Until then, it is enough that the role
    runs: the listener ends with it.

    ``seen`` is the time of its last sign of life, which at first is its start. So a role may take as long as the
    staleness to start, or to replace its processes if all of them have ended.
    """

    def __init__(self, directory: Path, limits: Limits, needed: bool = True) -> None:
        self.directory, self.limits, self.needed = directory, limits, needed
        self.seen = time.monotonic()
        self._refused = -math.inf  # when the disk last accepted nothing
        self._written = False  # whether there was a heartbeat

    def live(self) -> Verdict:
        """Return whether the role should continue to run. If not, the container is restarted."""
        beats, now = self.heartbeats(), time.monotonic()
        if not beats:
            if not (self.needed or self._written):
                return UNWATCHED
            if now - self.seen <= self.limits.staleness:
                return Verdict(True, "starting")
            return NO_DISK if self._disk_refuses(now) else Verdict(False, "no heartbeat")
        # One process that hangs is enough: it still gets its share of the connections.
        verdict = OK
        for beat in beats:
            if trouble := self._trouble(beat, now):
                if not (self._silent(beat, now) and self._disk_refuses(now)):
                    return Verdict(False, trouble)
                verdict = NO_DISK
        return verdict

    def ready(self) -> Verdict:
        """Return whether the role does its work at the moment."""
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
        """Read the heartbeats. Call this regularly, so that nothing is missed if nobody asks for a long time."""
        beats = list(heartbeat.read(self.directory))
        self.seen = max([self.seen, *(beat["at"] for beat in beats)])
        self._written = self._written or bool(beats)
        return beats

    def _disk_refuses(self, now: float) -> bool:
        """Return whether the disk accepts no heartbeat, or started to accept them less than the staleness ago."""
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
