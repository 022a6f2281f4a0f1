"""A stop inside the grace period: first wait for tasks, then give the unfinished ones back."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from celery import signals

from django_k8s.env import Env
from django_k8s.probe.scrapes import await_last, linger_seconds

# Left of the grace period when the waiting ends: to give tasks back, and to exit.
RESERVE_SECONDS = 10


def connect() -> None:
    """Connect the handler; calling it again changes nothing."""
    signals.worker_shutting_down.connect(_escalate, dispatch_uid="django_k8s.escalate")
    signals.worker_shutdown.connect(_linger, dispatch_uid="django_k8s.linger")


def _escalate(how: str = "", **kwargs: Any) -> None:
    """After a warm stop has begun, ask for a cold one before Kubernetes kills the container.

    A cold stop (SIGQUIT) puts unfinished acks-late tasks back into their queue at once; SIGKILL
    would leave them unseen until the visibility time-out. Celery's own soft shutdown sleeps for a
    fixed time even when the tasks have ended.
    """
    if how != "Warm":
        return
    env = Env()
    seconds = max(1, env.int("WORKER_GRACE_SECONDS") - RESERVE_SECONDS - linger_seconds(env))
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGQUIT))
    timer.daemon = True  # a worker whose tasks have ended does not wait for it
    timer.start()


def _linger(**kwargs: Any) -> None:
    """The last task has ended: wait for a last scrape where that is asked for."""
    await_last("worker")
