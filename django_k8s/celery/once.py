"""A task that has its effect once, however often its message arrives."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from celery import current_task
from celery.utils.log import get_task_logger
from django.db import IntegrityError, router, transaction

logger = get_task_logger(__name__)

P = ParamSpec("P")
R = TypeVar("R")


def once(task: Callable[P, R]) -> Callable[P, R | None]:
    """Drop a second message with the same task id; put it below ``@shared_task``.

    The id is stored in one transaction with what the task does to the database, so that either both
    last or neither: a task that fails may run again, one that has succeeded never does. Effects
    outside the database are not covered. A dropped duplicate returns None::

        @shared_task
        @once
        def charge(order_id): ...

    Beat's tasks have an id made of entry and due time, so this drops what a second beat sent twice.
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
            return task(*args, **kwargs)

    return run
