"""Count and time tasks, if METRICS is on."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from celery import signals
from celery.exceptions import TimeLimitExceeded, WorkerLostError

from django_k8s.celery.context import PUBLISHED_AT
from django_k8s.environment import startup

_began: ContextVar[float] = ContextVar("began", default=0.0)


def connect() -> None:
    """Connect the handlers if METRICS is on. Calling it again has no effect."""
    if startup.env().bool("METRICS"):
        signals.task_prerun.connect(_begin, dispatch_uid="django_k8s.metrics")
        signals.task_postrun.connect(_end, dispatch_uid="django_k8s.metrics")
        signals.task_failure.connect(_fail, dispatch_uid="django_k8s.metrics")


def _guarded(handler: Callable[..., None]) -> Callable[..., None]:
    """Report exceptions of ``handler`` once a minute. Celery would log a traceback for each task."""

    @functools.wraps(handler)
    def guarded(**kwargs: Any) -> None:
        try:
            handler(**kwargs)
        except Exception as error:
            from django_k8s.observability import metrics_file

            metrics_file.report(error)

    return guarded


@_guarded
def _begin(task: Any = None, **kwargs: Any) -> None:
    from django_k8s.observability import metrics

    _began.set(time.perf_counter())
    metrics.tasks_running.inc()
    published = getattr(task.request, PUBLISHED_AT, None)
    if isinstance(published, int | float):
        metrics.task_queue_seconds.labels(task.name).observe(
            max(0.0, time.time() - max(float(published), _eta(task.request)))
        )


@_guarded
def _end(task: Any = None, state: str | None = None, **kwargs: Any) -> None:
    from django_k8s.observability import metrics

    metrics.tasks_running.dec()
    metrics.tasks.labels(task.name, state or "UNKNOWN").inc()
    metrics.task_seconds.labels(task.name).observe(time.perf_counter() - _began.get())


@_guarded
def _fail(sender: Any = None, exception: BaseException | None = None, **kwargs: Any) -> None:
    """Count a task as lost. The worker's main process does this, because the task's own process cannot."""
    if isinstance(exception, WorkerLostError | TimeLimitExceeded):
        from django_k8s.observability import metrics

        metrics.tasks.labels(sender.name, "LOST").inc()


def _eta(request: Any) -> float:
    eta = request.eta
    if isinstance(eta, str):
        try:
            return datetime.fromisoformat(eta).timestamp()
        except ValueError:
            return 0.0
    return 0.0
