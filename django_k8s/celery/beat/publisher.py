"""Beat's connection to the broker."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from kombu.exceptions import OperationalError

from django_k8s.celery.beat.schedule import Entry
from django_k8s.observability import newrelic


class NoMessage(Exception):
    """The message of an entry cannot be created. The cause says why."""


def _keep_client(channel: Any) -> None:
    """Let a channel of Redis keep one client.

    By default it creates one for each message, which takes a tenth of the time of a message.
    """
    connect = getattr(channel, "conn_or_acquire", None)
    if connect is not None:
        with connect() as kept:
            channel.conn_or_acquire = lambda client=None: contextlib.nullcontext(client or kept)


class Publisher:
    """Send the messages of entries over a separate connection, which is opened for the first message."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._connection = app.connection_for_write()
        self._producer: Any = None
        # Errors of the broker and of the network.
        self.errors: tuple[type[BaseException], ...] = (
            OSError,
            OperationalError,
            *self._connection.connection_errors,
            *self._connection.channel_errors,
        )

    def send(self, entry: Entry, due: datetime) -> None:
        """Give the message of one due time to the broker.

        Raise one of :attr:`errors` if the broker does not accept it, and NoMessage if it cannot be created.
        """
        try:
            args, kwargs, options = entry.message(self._app.main, due)
        except Exception as error:  # a value that the project computes
            raise NoMessage from error
        producer = self._ready()
        task = self._app.tasks.get(entry.task)
        send: Callable[..., Any] = task.apply_async if task else self._named(entry.task)
        try:
            with newrelic.transaction(entry.task, "Beat"):
                send(args, kwargs, producer=producer, **options)
        except self.errors:
            raise
        except Exception as error:
            raise NoMessage from error

    def close(self) -> None:
        """Close the connection. The next message opens another one."""
        self._producer = None
        with contextlib.suppress(Exception):
            self._connection.release()
        self._connection = self._app.connection_for_write()

    def _ready(self) -> Any:
        if self._producer is None:
            # Try only once. The next turn tries again.
            self._connection.ensure_connection(max_retries=1, interval_start=0)
            self._producer = self._app.amqp.Producer(self._connection, auto_declare=False)
            _keep_client(self._producer.channel)
        return self._producer

    def _named(self, name: str) -> Callable[..., Any]:
        def send(args: Any, kwargs: Any, **options: Any) -> Any:
            return self._app.send_task(name, args, kwargs, **options)

        return send
