"""The sample of queues: beat writes it, the probe listener reads it."""

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

STALE_SECONDS = 60.0  # or three samples, whichever is longer: older ones are no basis to scale by
WANTED_SECONDS = 150.0  # after a question; scalers and Prometheus ask more often


class Queue(NamedTuple):
    """Tasks of one queue: those that wait, those that are held or run, and the longest wait in seconds.

    ``oldest_seconds`` is None where the broker does not tell.
    """

    ready: int
    unacknowledged: int
    oldest_seconds: float | None = None

    @property
    def total(self) -> int:
        """Return how much there is to do, by which a scaler decides."""
        return self.ready + self.unacknowledged


def _path() -> Path:
    return role_directory("beat") / QUEUES


def write(queues: Mapping[str, Queue]) -> None:
    """Replace the sample. Raises OSError when the directory cannot be written."""
    state_directory.replace(_path(), json.dumps({"at": time.monotonic(), "queues": queues}))


def ask() -> None:
    """Note that somebody wants the sample: beat takes none if nobody does. Never raises."""
    with contextlib.suppress(OSError):
        state_directory.replace(role_directory("beat") / ASKED, str(time.monotonic()))


def is_wanted() -> bool:
    """Return whether somebody has asked for the sample lately."""
    try:
        asked = float(state_directory.read(role_directory("beat") / ASKED))
    except (OSError, ValueError):
        return False
    return 0 <= time.monotonic() - asked <= WANTED_SECONDS


def read() -> dict[str, Queue] | None:
    """The sample, or None when there is none that is fresh."""
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
