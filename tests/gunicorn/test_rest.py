"""A web role that nobody asks sleeps."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from support.process import wait_until, wakes
from support.web import web


def test_idle_web_sleeps(tmp_path: Path) -> None:
    """Neither the master nor a process wakes every second; a request, and the end of a process, are noticed at once."""
    with web(tmp_path, WEB_CONCURRENCY="2") as server:
        wait_until(lambda: len(server.workers) == 2, 10, "two processes")
        pids = [server.gunicorn.pid, *server.workers]
        before = {pid: wakes(pid) for pid in pids}
        time.sleep(5)  # what is tested is that nothing happens
        woken = {pid: wakes(pid) - before[pid] for pid in pids}
        assert max(woken.values()) <= 3, woken
        assert server.get("/livez").status == 200
        os.kill(server.workers[0], signal.SIGKILL)
        wait_until(lambda: {*server.workers} - {*pids}, 3, "another process", below=5)


def test_process_that_hangs_is_replaced(tmp_path: Path) -> None:
    """The master looks often enough for it, and kills it soon after it was told to end."""
    with web(tmp_path, WEB_CONCURRENCY="1", WEB_TIMEOUT_SECONDS="2") as server:
        wait_until(lambda: server.workers, 10, "a process")
        frozen = server.workers[0]
        os.kill(frozen, signal.SIGSTOP)
        wait_until(lambda: {*server.workers} - {frozen}, 8, "another process")
