"""Record when the metrics of a role were last scraped, so that its end can wait for a last scrape."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from django_k8s.environment import startup, state_directory
from django_k8s.environment.grace_period import linger_seconds as linger_seconds
from django_k8s.environment.state_directory import SCRAPED, role_directory

_POLL_SECONDS = 0.1


def record(directory: Path, began: float) -> None:
    """Record a scrape at ``began`` (time.monotonic) of the role in ``directory``. Never raise an exception."""
    with contextlib.suppress(OSError):
        state_directory.replace(directory / SCRAPED, str(began))


def await_last_scrape(role: str) -> None:
    """Wait until the metrics of a role have been scraped once more, after its work has ended.

    Wait at most METRICS_LINGER_SECONDS, and not at all if they were never scraped. Otherwise, what was counted since the
    last scrape would be lost.
    """
    seconds = linger_seconds(startup.env())
    path, ended = role_directory(role) / SCRAPED, time.monotonic()
    while seconds and _read(path) is not None and time.monotonic() - ended < seconds:
        if (_read(path) or 0.0) > ended:
            return
        time.sleep(_POLL_SECONDS)


def _read(path: Path) -> float | None:
    try:
        return float(state_directory.read(path))
    except (OSError, ValueError):
        return None
