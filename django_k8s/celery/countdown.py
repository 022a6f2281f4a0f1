"""Tasks that are due later: limit how many a worker holds, and warn of those that will run twice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from celery import signals
from celery.app.defaults import NAMESPACES
from celery.utils.log import get_logger

logger = get_logger("django_k8s.worker")

_LIMIT = ""  # no task has this name
_warned: set[str] = set()


def connect() -> None:
    """Connect the handler. Calling it again has no effect."""
    signals.task_received.connect(_received, dispatch_uid="django_k8s.countdown")


def limit_held(app: Any, most: int) -> None:
    """Let a worker hold at most ``most`` such tasks, unless the project sets a limit. This needs Celery 5.6."""
    if "eta_task_limit" in NAMESPACES["worker"] and app.conf.worker_eta_task_limit is None:
        app.conf.worker_eta_task_limit = most


def _received(request: Any = None, sender: Any = None, **kwargs: Any) -> None:
    if request.eta is not None:
        _warn_of_limit(sender)
        _warn_of_repetition(request)


def _warn_of_limit(consumer: Any) -> None:
    """Warn once if the worker holds as many as it may. It takes no other task until one of them is due."""
    qos: Any = getattr(consumer, "qos", None)
    most = getattr(qos, "max_prefetch", None)
    if not most or qos.value < most or _LIMIT in _warned:
        return
    _warned.add(_LIMIT)
    logger.warning(
        "This worker holds %d tasks that are due later, and takes no more until some of them are due. Send such tasks"
        " to a queue of their own, or raise the memory limit or worker_eta_task_limit.",
        most,
    )


def _warn_of_repetition(request: Any) -> None:
    """Warn once for each task that is due after its broker, such as Redis, delivers it again."""
    options = request.app.conf.broker_transport_options or {}
    limit = options.get("visibility_timeout")
    if not limit or request.name in _warned:
        return
    eta = request.eta if request.eta.tzinfo else request.eta.replace(tzinfo=UTC)
    seconds = (eta - datetime.now(UTC)).total_seconds()
    if seconds <= float(limit):
        return
    _warned.add(request.name)
    logger.warning(
        "%s is due in %.0f s, but the broker delivers again what is not acknowledged within %.0f s: it will run more than"
        " once. Raise CELERY_VISIBILITY_TIMEOUT_SECONDS above the longest countdown, or decorate the task with @once.",
        request.name, seconds, float(limit),
    )  # fmt: skip
