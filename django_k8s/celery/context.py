"""Pass the id of a request on to its tasks, and put it and the task's id and name into their log lines."""

from __future__ import annotations

import time
from typing import Any

from celery import signals

from django_k8s.observability import context

REQUEST_ID = "request_id"  # headers of a message
PUBLISHED_AT = "published_at"  # seconds since 1970


def connect() -> None:
    """Connect the handlers. Calling it again has no effect."""
    signals.before_task_publish.connect(_send, dispatch_uid="django_k8s.context")
    signals.task_prerun.connect(_begin, dispatch_uid="django_k8s.context")
    signals.task_postrun.connect(_end, dispatch_uid="django_k8s.context")


def _send(headers: dict[str, Any] | None = None, **kwargs: Any) -> None:
    if headers is None:
        return
    # A retry already carries the id of its first request.
    if not headers.get(REQUEST_ID) and context.request_id.get():
        headers[REQUEST_ID] = context.request_id.get()
    headers[PUBLISHED_AT] = time.time()


def _begin(task_id: str = "", task: Any = None, **kwargs: Any) -> None:
    # Anybody who can write to the broker may have written this, so it is checked like a request's header.
    given = getattr(task.request, REQUEST_ID, None)
    context.request_id.set(context.safe_id(given) if given else "")
    context.task_id.set(task_id)
    context.task_name.set(task.name)


def _end(**kwargs: Any) -> None:
    for variable in (context.request_id, context.task_id, context.task_name):
        variable.set("")
