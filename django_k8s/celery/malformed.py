"""Reject and log malformed messages, so that they cannot end the worker."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from celery import bootsteps
from celery.concurrency.thread import TaskPool as ThreadPool
from celery.utils.log import get_logger
from celery.worker import state

from django_k8s.environment.masking import mask

logger = get_logger("django_k8s.worker")

PACE_SECONDS = 1.0  # between two attempts of a consumer that fails at once
_SHORT_SECONDS = 5.0  # a consumer that runs longer has not failed at once
# Exceptions that are raised while a message is parsed.
_ERRORS = (ValueError, TypeError, LookupError, AttributeError)


class RejectMalformed(bootsteps.StartStopStep):  # type: ignore[misc]
    """Guard the consumer against messages that Celery and kombu cannot read.

    A message that has reached a queue of the worker is rejected. A message that the transport cannot decode has
    already been removed from the broker. It makes the consumer connect again.
    """

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._started = time.monotonic()
        consumer.channel_errors = (*consumer.channel_errors, *_ERRORS)
        make = consumer.create_task_handler

        def create_task_handler(*args: Any, **kwargs: Any) -> Callable[[Any], Any]:
            return _rejecting(make(*args, **kwargs), _outages(consumer))

        consumer.create_task_handler = create_task_handler
        _guard_pool(consumer)

    def start(self, consumer: Any) -> None:
        """Note the time at which the consumer starts."""
        self._started = time.monotonic()

    def stop(self, consumer: Any) -> None:
        """Wait a moment if the consumer has just started and will start again, because it may fail again."""
        again = consumer.blueprint.state == bootsteps.RUN
        if again and time.monotonic() - self._started < _SHORT_SECONDS:
            time.sleep(PACE_SECONDS)
        self._started = time.monotonic()


def _rejecting(
    handle: Callable[[Any], Any], outages: tuple[type[BaseException], ...]
) -> Callable[[Any], Any]:
    def rejecting(message: Any) -> Any:
        try:
            _check(message.headers)
            return handle(message)
        except Exception as error:
            if _is_outage(error, outages):
                raise
            _log(error, message.headers)
            message.reject_log_error(logger, outages)

    return rejecting


def _outages(consumer: Any) -> tuple[type[BaseException], ...]:
    return (*consumer.connection_errors, *consumer.conninfo.channel_errors)


def _is_outage(error: Exception, outages: tuple[type[BaseException], ...]) -> bool:
    return isinstance(error, outages) and not isinstance(error, _ERRORS)


def _guard_pool(consumer: Any) -> None:
    """Reject a task that the worker cannot pass to its pool, even if the task was due later.

    A task takes a place among the processes before that, and frees it when it ends. If no place were left, the worker
    would take tasks and never run them.
    """
    worker = consumer.controller
    process = worker._process_task
    submitted = _submissions(consumer.pool)

    def process_task(request: Any) -> None:
        try:
            submitted.clear()
            process(request)
            for future in submitted:
                future.add_done_callback(partial(_reject_failed, request, _outages(consumer)))
        except Exception as error:
            if worker.semaphore is not None:
                worker.semaphore.release()
            state.task_ready(request)
            if _is_outage(error, _outages(consumer)):
                raise
            _log(error, request.message.headers)
            request.reject(requeue=False)

    worker._process_task = process_task
    if consumer.on_task_request == process:  # a pool of threads has no places
        consumer.on_task_request = process_task


def _submissions(pool: Any) -> list[Future[Any]]:
    """Return a list to which a pool of threads adds what it is given. For any other pool, it stays empty."""
    submitted: list[Future[Any]] = []
    if isinstance(pool, ThreadPool):
        submit = pool.executor.submit

        def noted(*args: Any, **kwargs: Any) -> Future[Any]:
            submitted.append(submit(*args, **kwargs))
            return submitted[-1]

        pool.executor.submit = noted
    return submitted


def _reject_failed(request: Any, outages: tuple[type[BaseException], ...], future: Future[Any]) -> None:
    """Reject a task whose thread failed before or after the task itself. Celery does not look at that."""
    error = None if future.cancelled() else future.exception()
    if isinstance(error, Exception) and not _is_outage(error, outages):
        state.task_ready(request)
        _log(error, request.message.headers)
        request.reject(requeue=False)


def _check(headers: Any) -> None:
    """Raise ValueError if a header would fail later, when the message can no longer be rejected."""
    if not isinstance(headers, dict):
        raise ValueError("the headers are no mapping")
    if not isinstance(headers.get("id", ""), str):
        raise ValueError("the id is not text")
    if not isinstance(headers.get("shadow") or "", str):  # a thread would fail, and nobody would notice
        raise ValueError("the name to show is not text")
    limits = headers.get("timelimit") or ()
    if not isinstance(limits, list | tuple) or not all(
        limit is None or isinstance(limit, int | float) for limit in limits
    ):
        raise ValueError("the time limit is not a pair of numbers")


def _log(error: BaseException, headers: Any) -> None:
    what = mask(f"{type(error).__name__}: {error}")[:300]
    logger.error("a message is rejected, because it is malformed (%s): %.300r", what, headers)
