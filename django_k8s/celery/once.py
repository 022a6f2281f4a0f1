"""Tasks that take effect once, however often their message arrives."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from celery import current_task
from celery.utils.log import get_task_logger
from django.db import DatabaseError, IntegrityError, router, transaction
from django.utils import timezone

from django_k8s import conf

logger = get_task_logger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

# One task in a hundred removes at most a thousand old ids. These are more than are added, and no statement takes
# long.
_SHARE, _REMOVED = 0.01, 1000


def once(task: Callable[P, R]) -> Callable[P, R | None]:
    """Drop a second message with the same task id. Put this decorator below ``@shared_task``.

    The id is stored in the same transaction as the task's changes of the database. So a task that fails may run again,
    and one that has succeeded never does.
    Effects outside the database are not covered. A dropped duplicate returns None::

        @shared_task
        @once
        def charge(order_id): ...

    The task ids of beat are made of the entry and the due time, so this also drops what two beats have sent twice. An id is
    forgotten after ONCE_KEEP_SECONDS.
    """

    @wraps(task)
    def run(*args: P.args, **kwargs: P.kwargs) -> R | None:
        from django_k8s.models import CompletedTask

        task_id: Any = current_task.request.id
        if task_id is None:  # called as a plain function
            return task(*args, **kwargs)
        database = router.db_for_write(CompletedTask)
        with transaction.atomic(using=database):
            try:
                with transaction.atomic(using=database):
                    CompletedTask.objects.using(database).create(task_id=task_id)
            except IntegrityError:
                logger.info("Dropped a duplicate of task %s", task_id)
                return None
            result = task(*args, **kwargs)
        if random.random() < _SHARE:  # noqa: S311
            _forget(database)
        return result

    return run


def _forget(database: str) -> None:
    """Remove ids that are older than ONCE_KEEP_SECONDS. Never raise an error, because the task has succeeded."""
    from django_k8s.models import CompletedTask

    seconds = conf.current().once_keep_seconds
    # Inside a transaction of the caller, an error would roll it back.
    if not seconds or transaction.get_connection(database).in_atomic_block:
        return
    tasks = CompletedTask.objects.using(database)
    with suppress(DatabaseError):
        old = tasks.filter(at__lt=timezone.now() - timedelta(seconds=seconds)).order_by("at")
        tasks.filter(pk__in=list(old.values_list("pk", flat=True)[:_REMOVED])).delete()
