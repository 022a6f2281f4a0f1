"""A stop inside the grace period: first wait for tasks, then give the unfinished ones back."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from typing import Any

from billiard import active_children
from celery import signals
from celery.apps import worker
from celery.concurrency.thread import TaskPool as ThreadPool
from celery.utils.log import get_logger

from django_k8s.environment import grace_period, startup
from django_k8s.probe.last_scrape import await_last_scrape

logger = get_logger("django_k8s.worker")

# Of a pool that no signal ends: when the waiting for its tasks ends (time.monotonic), and the threads to wait for.
_until: float | None = None
_threads: set[threading.Thread] = set()


def connect() -> None:
    """Connect the handlers; calling it again changes nothing."""
    signals.worker_ready.connect(_bound, dispatch_uid="django_k8s.bound")
    signals.worker_ready.connect(_stop_at_hangup, dispatch_uid="django_k8s.hangup")
    signals.worker_shutting_down.connect(_escalate, dispatch_uid="django_k8s.escalate")
    signals.worker_shutdown.connect(_end, dispatch_uid="django_k8s.linger")


def _escalate(how: str = "", **kwargs: Any) -> None:
    """After a warm stop has begun, ask for a cold one before Kubernetes kills the container.

    A cold stop (SIGQUIT) puts unfinished acks-late tasks back into their queue at once; SIGKILL
    would leave them unseen until the visibility timeout. Celery's own soft shutdown sleeps for a
    fixed time even when the tasks have ended.
    """
    if how != "Warm":
        return
    global _until
    seconds = grace_period.work_seconds(startup.env(), "worker")
    _until = time.monotonic() + seconds
    if not _threads:
        timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGQUIT))
        timer.daemon = True  # a worker whose tasks have ended does not wait for it
        timer.start()


def _bound(sender: Any = None, **kwargs: Any) -> None:
    """Let the stop of a pool that no signal ends wait no longer than that.

    Nothing ends a thread from outside; and before Celery 5.5 SIGQUIT does not end a warm stop.
    """
    global _threads
    pool = sender.pool
    if isinstance(pool, ThreadPool):
        _threads = pool.executor._threads

        def begin() -> None:
            pool.executor.shutdown(wait=False, cancel_futures=True)

    elif not hasattr(worker, "on_cold_shutdown"):
        stopping = threading.Thread(target=pool.on_stop, name="stop", daemon=True)
        _threads, begin = {stopping}, stopping.start
    else:
        return

    def on_stop() -> None:
        begin()
        for thread in _threads:
            thread.join(None if _until is None else max(0.0, _until - time.monotonic()))

    pool.on_stop = on_stop


def _stop_at_hangup(**kwargs: Any) -> None:
    """SIGHUP stops as SIGTERM does. Celery starts its command again, which is not how this process was started."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))


def _end(sender: Any = None, **kwargs: Any) -> None:
    """The last task has ended, or what had not is back in its queue."""
    left = sum(thread.is_alive() for thread in _threads)
    if left:
        # At once: what they still do is done again by the worker that gets their task now.
        children = active_children()
        logger.warning("tasks that did not end in time and were interrupted: %d", len(children) or left)
        for child in children:
            os.kill(child.pid, signal.SIGKILL)
        logging.shutdown()
        os._exit(sender.exitcode or 0)
    # Wait for a last scrape where that is asked for.
    await_last_scrape("worker")
