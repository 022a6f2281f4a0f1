"""The state directory: the files by which the processes of a role know of each other.

Each role has its own part, ``STATE_DIR/ROLE``. Only this module knows the names in it.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from django_k8s.environment import startup

HEARTBEAT_SUFFIX = ".heartbeat"  # one file per loop
METRICS = "metrics"  # prometheus_client's files, one per process and kind
QUEUES = "queues.json"  # beat's last look at the queues
SCRAPED = "scraped"  # when the metrics were last read


def role_directory(role: str) -> Path:
    """Return the directory of ``role``, which may not exist yet."""
    return Path(startup.env().str("STATE_DIR")) / role


def clear(role: str) -> None:
    """Remove what a former container of the same pod left behind: an emptyDir outlives its containers.

    Counts begin again with the processes that count. Never raises.
    """
    directory = role_directory(role)
    for pattern in (f"*{HEARTBEAT_SUFFIX}", QUEUES, SCRAPED, f"{METRICS}/*.db"):
        for path in directory.glob(pattern):
            with contextlib.suppress(OSError):
                path.unlink()
