"""The heartbeat of a daemon, by which Kubernetes sees that its loop still runs::

    from django_k8s.daemon import heartbeat

    while True:
        heartbeat()
        send_alerts()

This uses only the standard library, so any program may import it.
"""

from __future__ import annotations

import os
import time

from django_k8s.environment import startup
from django_k8s.probe.heartbeat import Heartbeat

__all__ = ["heartbeat"]

_SECONDS = 1.0  # the least time between two writes

# The process id, its heartbeat, and the time and `within` of the last one. A forked process creates its own.
_written: tuple[int, Heartbeat, float, float | None] | None = None


def heartbeat(*, within: float | None = None) -> None:
    """Write a heartbeat, to show that the loop of this daemon still runs.

    If the next heartbeat is late, the container is restarted. It must come in HEARTBEAT_STALENESS_SECONDS, or in
    ``within`` seconds if the next round may take longer.

    Outside of the role daemon, this has no effect. It never raises an exception, so that a full disk does not end the
    loop.
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
