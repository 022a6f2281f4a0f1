"""Time limits on a busy machine: every upper bound on elapsed time in the tests is stretched here.

A limit is written as it holds on an idle machine. Work takes longer when more processes are runnable
than there are processors, so a limit is multiplied by that ratio: at least 1, at most ``MOST``. The
environment variable PATIENCE sets the factor instead: ``PATIENCE=1`` judges as on an idle machine, and
a larger number helps where the machine is slow for another reason.

Prefer the order of events ("answered before the query that hangs has ended") or CPU time to a limit.
"""

from __future__ import annotations

import math
import os
import time
from pathlib import Path

MOST = 6.0


def factor() -> float:
    """Return by how much this machine is overloaded: 1 when it is idle, at most ``MOST``."""
    if given := os.environ.get("PATIENCE"):
        return float(given)
    average, _, _, runnable, _ = Path("/proc/loadavg").read_text().split()
    # The average knows the last minute; the number of runnable threads knows what has just begun.
    load = max(float(average), float(runnable.partition("/")[0]))
    return min(max(1.0, load / len(os.sched_getaffinity(0))), MOST)


def patience(seconds: float, below: float = math.inf) -> float:
    """Return the limit for what takes at most ``seconds`` on an idle machine.

    ``below`` is what it takes at least when the promise under test is broken. The limit stays under
    it, so that the test can fail on a busy machine too.
    """
    return min(seconds * factor(), max(seconds, 0.9 * below))


class Limit:
    """A limit that follows the load while time passes; starts when it is made."""

    def __init__(self, seconds: float, below: float = math.inf) -> None:
        self._seconds, self._left = seconds, seconds
        self._began = self._seen = time.monotonic()
        self._end = self._began + max(seconds, 0.9 * below)

    def over(self) -> bool:
        """Return whether the time has passed. Ask often: each interval counts with its own load."""
        now = time.monotonic()
        self._left -= (now - self._seen) / factor()
        self._seen = now
        return self._left <= 0 or now > self._end

    def __str__(self) -> str:
        """The limit, and what the load has made of it."""
        return f"{self._seconds:g} s (waited {time.monotonic() - self._began:.1f} s)"
