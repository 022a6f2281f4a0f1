"""The worker's heartbeat, its queues, and what its processes share."""

from __future__ import annotations

import gc
import logging
import math
import os
import time
from typing import Any

from celery import bootsteps, signals
from celery.concurrency import get_implementation
from celery.concurrency.prefork import TaskPool

from django_k8s.celery import countdown, logs, metrics, shutdown
from django_k8s.celery.malformed import RejectMalformed
from django_k8s.celery.rest import Rest
from django_k8s.celery.silent_broker import BrokerWatch
from django_k8s.environment import memory, startup
from django_k8s.environment.cgroup import cpu_limit, memory_limit
from django_k8s.probe.heartbeat import Heartbeat, at_rest_seconds

logger = logging.getLogger(__name__)


class HeartbeatStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Beats from a timer of the consumer's event loop.

    A long task does not stop it, for tasks run in other processes or threads; a consumer that is
    wedged does. While the worker looks for its broker the state is "reconnecting", which the probe
    takes for alive during WORKER_RECONNECT_SECONDS. (With the pool "solo" a task runs in the loop
    itself, so nothing beats until it ends: use "threads" there.)
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._timer: Any = None
        self._heartbeat = Heartbeat("worker", "worker")
        self._every = at_rest_seconds()
        self._since: float | None = None  # when the broker was lost
        self._lost()  # the broker has not been reached yet

    def start(self, consumer: Any) -> None:
        """The consumer takes tasks."""
        self._beat()
        self._timer = consumer.timer.call_repeatedly(self._every, self._beat, priority=10)

    def stop(self, consumer: Any) -> None:
        """The connection is lost, or the worker ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._lost()

    def _beat(self) -> None:
        self._since = None
        self._heartbeat.write()

    def _lost(self) -> None:
        # Attempts that fail half-way, as those at a read-only broker do, are one loss.
        self._since = self._since or time.monotonic()
        self._heartbeat.write(state="reconnecting", since=self._since)


class Automatic(int):
    """A number of processes that nobody has asked for."""


def connect(app: Any) -> None:
    """Give the worker of ``app`` its heartbeat, queues, stop, logs and metrics; may be called again."""
    app.steps["consumer"].add(HeartbeatStep)
    app.steps["consumer"].add(RejectMalformed)
    app.steps["consumer"].add(BrokerWatch)
    app.steps["consumer"].add(Rest)
    if not app.conf.worker_concurrency:
        app.conf.worker_concurrency = Automatic(_cpus())
    for part in (shutdown, logs, metrics, countdown):
        part.connect()
    signals.celeryd_init.connect(_select_queues, dispatch_uid="django_k8s.queues")
    signals.worker_init.connect(_fit_memory, dispatch_uid="django_k8s.memory")
    signals.worker_before_create_process.connect(_freeze, dispatch_uid="django_k8s.freeze")
    signals.task_prerun.connect(_renew_connections, dispatch_uid="django_k8s.connections")


def _select_queues(instance: Any = None, **kwargs: Any) -> None:
    """WORKER_QUEUES; an option -Q on the command line adds to it."""
    env = startup.env()
    if env.is_set("WORKER_QUEUES"):
        instance.app.amqp.queues.select(env.list("WORKER_QUEUES"))


def _renew_connections(task: Any = None, **kwargs: Any) -> None:
    """Close connections that broke or are too old, as Django does before each request.

    Celery keeps those that it counts for CELERY_DB_REUSE_MAX tasks, broken ones too: after an outage
    of the database every task of the process would fail until then.
    """
    from django.db import close_old_connections

    if not task.request.is_eager:
        close_old_connections()


def _freeze(**kwargs: Any) -> None:
    """Take what is loaded out of garbage collection, so that the forked processes go on sharing it.

    Four processes of a middling project take 114 MiB instead of 223.
    """
    gc.collect()
    gc.freeze()


def _fit_memory(sender: Any = None, **kwargs: Any) -> None:
    """Start no more processes than fit into the memory limit, and replace one that grows beyond its share after its task.

    The project is loaded by now and nothing forked yet. What somebody has asked for stays as it is, and so do pools of threads.
    """
    limit = memory_limit()
    if limit:
        countdown.limit_held(sender.app, memory.held(limit))
    if limit is None or not issubclass(get_implementation(sender.pool_cls), TaskPool):
        return
    loaded = memory.resident()
    if isinstance(sender.concurrency, Automatic):
        processes = memory.fitting(sender.concurrency, limit, loaded)
        if processes < sender.concurrency:
            logger.info(
                "processes: %s, since the memory limit is %s; CPUs: %s",
                processes,
                memory.words(limit),
                int(sender.concurrency),
            )
            sender.concurrency = processes
    if not sender.max_memory_per_child and (share := memory.share(sender.concurrency, limit, loaded)):
        sender.max_memory_per_child = share // 1024  # in KiB


def _cpus() -> int:
    """The CPU limit of the container. Celery itself counts the node's CPUs, before 5.7 always."""
    available = len(os.sched_getaffinity(0))
    return min(available, math.ceil(cpu_limit() or available))
