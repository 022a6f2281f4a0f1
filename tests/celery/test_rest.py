"""A worker without tasks sleeps."""

from __future__ import annotations

import time
from pathlib import Path

from support.process import wait_until, wakes
from support.servers import Redis
from support.web import children
from support.worker import send, workers


def libraries(pid: int) -> set[str]:
    """Return the shared libraries that a process has loaded."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {line.split()[-1] for line in lines if ".so" in line}


def test_idle_worker_sleeps(tmp_path: Path, redis_server: Redis) -> None:
    """It wakes for the answers of Redis, which come every second, and for little else. It takes a task at once."""
    broker = redis_server.url(3)
    with workers(tmp_path, broker) as group:
        worker = group.start("-c", "1")
        before = wakes(worker.pid)
        time.sleep(10)  # what is tested is that nothing happens
        woken = wakes(worker.pid) - before
        print(f"{woken} times in ten seconds")
        assert woken <= 24
        # What a process loads for itself is in memory once for each of them.
        (child,) = children(worker.pid)
        assert libraries(child) <= libraries(worker.pid)
        send(broker, [(1, 0.0)])
        wait_until(lambda: group.trace("done"), 2, "the task", below=3)
