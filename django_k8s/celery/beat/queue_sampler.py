"""Sample how many tasks wait and run, for metrics and for scalers.

Beat takes the sample, because there may be no worker. The probe listener serves it at /queues. It counts waiting and
running tasks: if a scaler knew only the length of the queue, it would remove workers that still run the last tasks.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from celery.utils.log import get_logger

from django_k8s.environment import startup
from django_k8s.probe.queue_sample import Queue, is_wanted, write

logger = get_logger("django_k8s.beat")

_REPLY_SECONDS = 1.0  # how long workers have to answer what they run
_LOOKED_AT = 2000  # how many unacknowledged messages of Redis are counted by queue


class Sampler:
    """Sample the queues of ``app`` every QUEUE_SAMPLE_SECONDS while the sample is requested, in a separate thread."""

    def __init__(self, app: Any) -> None:
        env = startup.env()
        self._app = app
        self._every = env.float("QUEUE_SAMPLE_SECONDS")
        self._names = sorted({*app.amqp.queues, *env.list("QUEUES"), *env.list("WORKER_QUEUES")})
        self._ended = threading.Event()
        self._complaint = ""

    def start(self) -> None:
        """Start, unless it is turned off."""
        if self._every:
            threading.Thread(target=self._run, name="queues", daemon=True).start()

    def stop(self) -> None:
        """Stop after the current sample."""
        self._ended.set()

    def _run(self) -> None:
        first = True  # so that the first request gets an answer
        while not self._ended.is_set():
            if not (first or is_wanted()):
                self._ended.wait(self._every)
                continue
            first = False
            try:
                write(self.sample())
                self._complaint = ""
            except Exception as error:  # beat continues, whatever a transport raises
                # Only the type: the text may contain the broker's URL.
                if self._complaint != type(error).__name__:
                    logger.warning("queues cannot be sampled (%s); trying again", type(error).__name__)
                self._complaint = type(error).__name__
            self._ended.wait(self._every)

    def sample(self) -> dict[str, Queue]:
        """Return the tasks of each queue. Raise what the transport raises."""
        with self._app.connection_for_read() as connection:
            connection.ensure_connection(max_retries=1)
            redis = connection.transport.driver_type == "redis"
            # Count waiting tasks first. A task that starts meanwhile is counted twice, which is harmless. If it were
            # not counted at all, its worker could be removed.
            ready = {name: _ready(connection, name) for name in self._names}
            busy = dict(_unacknowledged(connection)) if redis else {}
            busy |= dict(self._running(connection))
            routes = {queue.routing_key: name for name, queue in self._app.amqp.queues.items()}
            held = [routes.get(key, key) for key in busy.values()]
            return {
                name: Queue(
                    ready[name], held.count(name), _oldest_seconds(connection, name) if redis else None
                )
                for name in self._names
            }

    def _running(self, connection: Any) -> Iterator[tuple[str, str]]:
        """Return the id and the routing key of each task that workers run or hold, except tasks for a later time."""
        if connection.transport.driver_type in ("filesystem", "memory", "SQS", "sqs"):
            return  # they cannot be asked
        inspect = self._app.control.inspect(timeout=_REPLY_SECONDS, connection=connection)
        for answer in (inspect.active(), inspect.reserved()):
            for tasks in (answer or {}).values():
                for task in tasks:
                    yield task["id"], (task.get("delivery_info") or {}).get("routing_key") or ""


def _ready(connection: Any, name: str) -> int:
    """Return the number of waiting messages. A queue that does not exist yet has none."""
    channel = connection.channel()
    try:
        return int(channel.queue_declare(queue=name, passive=True).message_count)
    except connection.channel_errors:
        return 0
    finally:
        with contextlib.suppress(*connection.channel_errors, *connection.connection_errors):
            channel.close()


def _unacknowledged(connection: Any) -> Iterator[tuple[str, str]]:
    """Return the id and the routing key of messages that Redis keeps until they are acknowledged."""
    channel = connection.default_channel
    now = time.time()
    for _, value in zip(range(_LOOKED_AT), channel.client.hscan_iter(channel.unacked_key), strict=False):
        message, _exchange, routing_key = json.loads(value[1])
        headers = message.get("headers") or {}
        if not _later(headers.get("eta"), now):
            yield str(headers.get("id")), routing_key


def _oldest_seconds(connection: Any, name: str) -> float:
    """Return the age of the message that has waited longest, or 0 if none waits."""
    channel = connection.default_channel
    ages = [0.0]
    for priority in channel.priority_steps:
        last = channel.client.lindex(channel._q_for_pri(name, priority), -1)
        published = (json.loads(last).get("headers") or {}).get("published_at") if last else None
        if isinstance(published, int | float):
            ages.append(time.time() - published)
    return round(max(ages), 1)


def _later(eta: Any, now: float) -> bool:
    try:
        return datetime.fromisoformat(eta).timestamp() > now
    except (TypeError, ValueError):
        return False
