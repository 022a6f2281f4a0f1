"""The sample of the queues, which beat writes and the probe listener reads."""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from django_k8s.environment import startup, state_directory
from django_k8s.environment.state_directory import ASKED, QUEUES, role_directory

STALE_SECONDS = 60.0  # or three intervals, whichever is longer; an older sample is too old to scale by
WANTED_SECONDS = 150.0  # after a request; scalers and Prometheus request it more often


class Queue(NamedTuple):
    """The tasks of one queue: how many wait, how many are held or running, and the longest wait in seconds.

    ``oldest_seconds`` is None if the broker does not report it.
    """

    ready: int
    unacknowledged: int
    oldest_seconds: float | None = None

    @property
    def total(self) -> int:
        """The number of unfinished tasks, by which a scaler decides."""
        return self.ready + self.unacknowledged


def _path() -> Path:
    return role_directory("beat") / QUEUES


def write(queues: Mapping[str, Queue]) -> None:
    """Replace the sample. Raise OSError if the directory cannot be written."""
    state_directory.replace(_path(), json.dumps({"at": time.monotonic(), "queues": queues}))


def ask() -> None:
    """Request the sample. Without requests, beat takes none. Never raise an exception."""
    with contextlib.suppress(OSError):
        state_directory.replace(role_directory("beat") / ASKED, str(time.monotonic()))


def is_wanted() -> bool:
    """Return whether the sample was requested recently."""
    try:
        asked = float(state_directory.read(role_directory("beat") / ASKED))
    except (OSError, ValueError):
        return False
    return 0 <= time.monotonic() - asked <= WANTED_SECONDS


def read() -> dict[str, Queue] | None:
    """Return the sample, or None if there is no fresh one."""
    try:
        sample = json.loads(state_directory.read(_path()))
        if time.monotonic() - sample["at"] > max(
            STALE_SECONDS, 3 * startup.env().float("QUEUE_SAMPLE_SECONDS")
        ):
            return None
        queues = {name: Queue(*values) for name, values in sample["queues"].items()}
        numbers = [number for queue in queues.values() for number in (queue.total, queue.oldest_seconds or 0)]
        return queues if all(map(math.isfinite, numbers)) else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
        return None
