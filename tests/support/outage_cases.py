"""Acks-late tasks while their broker or their workers come and go; each broker runs these in a file of its own."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

from support.process import answers, wait_until
from support.proxy import Proxy
from support.web import children
from support.worker import Workers, send, workers

VISIBILITY = 15  # seconds after which Redis hands out again what a dead worker held
LATE = {"CELERY_TASK_ACKS_LATE": "true", "CELERY_VISIBILITY_TIMEOUT_SECONDS": str(VISIBILITY)}
SHORT, LONG = 60, 500


def outlive(
    folder: Path,
    broker: str,
    tasks: int,
    disturbances: list[Callable[[Workers], None]],
    *,
    lost: int = 0,
    through: str = "",
    below: float = 120,
) -> int:
    """Send ``tasks`` and disturb them, evenly spread over their number; returns how many were lost.

    At most ``lost`` may be. The workers reach the broker at ``through`` where that is given. Work goes on in less than
    ``below`` seconds, by default those of Celery's own heartbeat, which would notice a dead connection that late.
    """
    choice = random.Random(tasks)
    with workers(folder, through or broker, **LATE, WORKER_GRACE_SECONDS="15") as group:
        group.start("-c", "2")
        send(broker, [(number, choice.uniform(0.05, 0.4)) for number in range(tasks)])
        for number, disturb in enumerate(disturbances, 1):
            due = tasks * number // (len(disturbances) + 1)
            wait_until(lambda due=due: len(group.trace("done")) >= due, 120, f"{due} tasks")  # type: ignore[misc]
            disturb(group)
            before, back = len(group.trace("done")), time.monotonic()
            wait_until(
                lambda before=before: len(group.trace("done")) > min(before, tasks - lost - 1),  # type: ignore[misc]
                30,
                "a task after the disturbance",
                below=below,
            )
            print(f"work goes on {time.monotonic() - back:.1f} s after disturbance {number}")
        wait_until(
            lambda: len(group.trace("done")) >= tasks - lost, 120 + tasks / 2, f"{tasks} tasks but {lost}"
        )
        # Whatever may be lost on its way, what has started ends.
        wait_until(
            lambda: group.trace("started").keys() == group.trace("done").keys(),
            2 * VISIBILITY + 30,
            "the end of all that has started",
        )
        running = [worker for worker in group.processes if worker.running()]
        assert running, "a worker lives"
        assert all(answers(worker.port, "/livez") for worker in running)  # type: ignore[attr-defined]
        missing = tasks - len(group.trace("done"))
        print(f"{tasks} tasks, {sum(group.trace('done').values())} runs, {missing} lost")
        return missing


def replace(group: Workers) -> None:
    """SIGTERM, and another worker: a rollout."""
    old = group.processes[-1]
    group.start("-c", "2")
    assert old.stop(20) == 0, old.output


def kill(group: Workers) -> None:
    """kill -9 of a worker and its processes, and another one in its place."""
    old = group.processes[-1]
    for pid in [old.pid, *children(old.pid)]:
        os.kill(pid, signal.SIGKILL)
    old.wait(5)
    group.start("-c", "2")


def black_hole(net: Proxy, seconds: float) -> Callable[[Workers], None]:
    """Every packet is swallowed for that long; old connections stay silent after it."""

    def swallow(group: Workers) -> None:
        net.black_hole()
        time.sleep(seconds)  # what is tested is this long silence
        net.restore()

    return swallow
