"""A worker without tasks sleeps."""

from __future__ import annotations

import time
from pathlib import Path

from support.process import wait_until, wakes
from support.servers import Redis
from support.worker import send, workers


def test_idle_worker_sleeps(tmp_path: Path, redis_server: Redis) -> None:
    """It wakes for the answers of Redis, which come every second, and for little else. It takes a task at once."""
    broker = redis_server.url(3)
    with workers(tmp_path, broker) as group:
        worker = group.start("-c", "1")
        before = wakes(worker.pid)
        time.sleep(10)  # what is tested is that nothing happens
        woken = wakes(worker.pid) - before
        print(f"{woken} times in ten seconds")
        assert woken <= 19
        send(broker, [(1, 0.0)])
        wait_until(lambda: group.trace("done"), 2, "the task", below=3)
