"""A worker without tasks sleeps."""

from __future__ import annotations

import time
from pathlib import Path

import redis
from support.process import wait_until, wakes
from support.servers import Redis
from support.web import children
from support.worker import send, workers


def libraries(pid: int) -> set[str]:
    """Return the shared libraries that a process has loaded."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {line.split()[-1] for line in lines if ".so" in line}


def test_idle_worker_sleeps(tmp_path: Path, redis_server: Redis) -> None:
    """It wakes about once a second, takes a task at once, and stops before its wait for a message would end."""
    broker = redis_server.url(3)
    with workers(tmp_path, broker) as group, redis.Redis(port=redis_server.port) as own:

        def asked() -> int:
            """How often workers have started to wait for a message."""
            return int(own.info("commandstats").get("cmdstat_brpop", {}).get("calls", 0))

        worker = group.start("-c", "1")
        before, waits = wakes(worker.pid), asked()
        time.sleep(6)  # what is tested is that nothing happens
        woken, waited = wakes(worker.pid) - before, asked() - waits
        assert waited <= 3
        assert woken <= 11
        # What a process loads for itself is in memory once for each of them.
        (child,) = children(worker.pid)
        assert libraries(child) <= libraries(worker.pid)
        send(broker, [(1, 0.0)])
        wait_until(lambda: group.trace("done"), 2, "the task", below=3)
        waits = asked()
        wait_until(lambda: asked() > waits, 10, "a wait that has just begun", every=0.01)
        began = time.monotonic()
        assert worker.stop(2.5, below=3) == 0
        print(f"{woken} times in six seconds, {waited} waits; stopped after {time.monotonic() - began:.2f} s")
