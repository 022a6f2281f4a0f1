"""Stop within the grace period: wait for tasks first, then return the unfinished ones to their queues."""

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

# For a pool that no signal ends: until when to wait for its tasks (time.monotonic), and the threads to wait for.
_until: float | None = None
_threads: set[threading.Thread] = set()


def connect() -> None:
    """Connect the handlers. Calling it again has no effect."""
    signals.worker_ready.connect(_bound, dispatch_uid="django_k8s.bound")
    signals.worker_ready.connect(_stop_at_hangup, dispatch_uid="django_k8s.hangup")
    signals.worker_shutting_down.connect(_escalate, dispatch_uid="django_k8s.escalate")
    signals.worker_shutdown.connect(_end, dispatch_uid="django_k8s.linger")


def _escalate(how: str = "", **kwargs: Any) -> None:
    """When a warm stop begins, schedule a cold one before Kubernetes kills the container.

    A cold stop (SIGQUIT) puts unfinished acks-late tasks back into their queue at once. After SIGKILL, they would be
    invisible until the visibility timeout. Celery's own soft shutdown sleeps for a fixed time even if the tasks have
    ended.
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
    """Limit the wait of a pool that no signal ends to the same time.

    A thread cannot be ended from outside. Before Celery 5.5, SIGQUIT does not end a warm stop.
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
    """Let SIGHUP stop the worker as SIGTERM does.

    By default, Celery runs its own command again, which is not how this process was started.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGHUP, signal.getsignal(signal.SIGTERM))


def _end(sender: Any = None, **kwargs: Any) -> None:
    """End the process, after the last task has ended or is back in its queue."""
    left = sum(thread.is_alive() for thread in _threads)
    if left:
        # End at once. Another worker gets these tasks now and repeats what they still do here.
        children = active_children()
        logger.warning("tasks that did not end in time and were interrupted: %d", len(children) or left)
        for child in children:
            os.kill(child.pid, signal.SIGKILL)
        logging.shutdown()
        os._exit(sender.exitcode or 0)
    # Wait for a last scrape if that is configured.
    await_last_scrape("worker")
