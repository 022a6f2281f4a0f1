"""For the loop of a daemon: a heartbeat, by which Kubernetes sees that the loop still turns.

    from django_k8s.daemon import heartbeat

    while True:
        heartbeat()
        send_alerts()

Standard library only, so any program may import it.
"""

from __future__ import annotations

import os
import time

from django_k8s.environment import startup
from django_k8s.probe.heartbeat import Heartbeat

__all__ = ["heartbeat"]

_SECONDS = 1.0  # a loop that turns faster writes no more often

# The heartbeat of this process, with the time and the `within` of the last one. Forked processes make their own.
_written: tuple[int, Heartbeat, float, float | None] | None = None


def heartbeat(*, within: float | None = None) -> None:
    """Write a heartbeat, which says that the loop of this daemon still runs.

    The next one must come in time, or the container is restarted: in HEARTBEAT_STALENESS_SECONDS, or if the next round
    may take longer, ``within`` so many seconds.

    Outside of the role daemon, calling it has no effect. Never raises: a full disk does not end the loop.
    """
    global _written
    now, pid = time.monotonic(), os.getpid()
    if _written and _written[0] == pid:
        _, beat, last, limit = _written
        if limit == within and now - last < _SECONDS:
            return
    elif startup.env().str("ROLE") == "daemon":
        beat = Heartbeat("daemon", str(pid))
    else:
        return
    _written = pid, beat, now, within
    beat.write(**({} if within is None else {"within": within}))
