"""The worker's heartbeat, queues, connections and memory."""

from __future__ import annotations

import contextlib
import gc
import logging
import math
import os
import sys
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
    """Write the heartbeat from a timer in the consumer's event loop.

    A long task does not stop the heartbeat, because tasks run in other processes or threads. A consumer that hangs does
    stop it. While the worker tries to reach its broker, the state is "reconnecting", which the probe accepts for
    WORKER_RECONNECT_SECONDS. (With the pool "solo", a task runs in the loop itself, so there is no heartbeat until it
    ends. Use "threads" instead.)
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
        """Start the heartbeat, because the consumer now takes tasks."""
        self._beat()
        self._timer = consumer.timer.call_repeatedly(self._every, self._beat, priority=10)

    def stop(self, consumer: Any) -> None:
        """Stop the heartbeat, because the connection is lost or the worker ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._lost()

    def _beat(self) -> None:
        self._since = None
        self._heartbeat.write()

    def _lost(self) -> None:
        # Attempts that fail halfway, such as at a read-only broker, belong to the same loss.
        self._since = self._since or time.monotonic()
        self._heartbeat.write(state="reconnecting", since=self._since)


class Automatic(int):
    """A number of processes that we have chosen, not the project."""


def connect(app: Any) -> None:
    """Give the worker of ``app`` its heartbeat, queues, stop, logs and metrics.

    Calling it again has no effect.
    """
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
    """Select the queues in WORKER_QUEUES. An option -Q on the command line adds to them."""
    env = startup.env()
    if env.is_set("WORKER_QUEUES"):
        instance.app.amqp.queues.select(env.list("WORKER_QUEUES"))


def _renew_connections(task: Any = None, **kwargs: Any) -> None:
    """Close connections that are broken or too old, as Django does before each request.

    Celery keeps connections for CELERY_DB_REUSE_MAX tasks, even broken ones. So after an outage of the database, every
    task of the process would fail until then.
    """
    from django.db import close_old_connections

    if not task.request.is_eager:
        close_old_connections()


def _freeze(**kwargs: Any) -> None:
    """Exclude what is loaded from garbage collection, so that the forked processes keep sharing its memory.

    Four processes of an average project use 114 MiB instead of 223.
    """
    if cffi := sys.modules.get("cffi"):
        # Each process reads a line of C with it when it starts, which loads its parser.
        with contextlib.suppress(ImportError):
            cffi.FFI()
    gc.collect()
    gc.freeze()


def _fit_memory(sender: Any = None, **kwargs: Any) -> None:
    """Start only as many processes as fit into the memory limit, and replace those that outgrow their share.

    At this time, the project is loaded and nothing is forked. Explicit settings and pools of threads are left alone. A
    process is replaced after its task.
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
    """Return the number of CPUs in the container's limit. Celery would count the CPUs of the node."""
    available = len(os.sched_getaffinity(0))
    return min(available, math.ceil(cpu_limit() or available))
