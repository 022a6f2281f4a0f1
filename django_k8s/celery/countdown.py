"""Say when a task is due so late that its broker hands it out a second time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from celery import signals
from celery.utils.log import get_logger

logger = get_logger("django_k8s.worker")

_warned: set[str] = set()


def connect() -> None:
    """Connect the handler; calling it again has no effect."""
    signals.task_received.connect(_received, dispatch_uid="django_k8s.countdown")


def _received(request: Any = None, sender: Any = None, **kwargs: Any) -> None:
    """Warn once for each task of a broker that hands out again what is not acknowledged in time, such as Redis."""
    options = request.app.conf.broker_transport_options or {}
    limit = options.get("visibility_timeout")
    if request.eta is None or not limit or request.name in _warned:
        return
    eta = request.eta if request.eta.tzinfo else request.eta.replace(tzinfo=UTC)
    seconds = (eta - datetime.now(UTC)).total_seconds()
    if seconds <= float(limit):
        return
    _warned.add(request.name)
    logger.warning(
        "%s is due in %.0f s, and the broker hands out again what is not acknowledged within %.0f s: it will run more than"
        " once. Raise CELERY_VISIBILITY_TIMEOUT_SECONDS above the longest countdown, or decorate the task with @once.",
        request.name, seconds, float(limit),
    )  # fmt: skip
