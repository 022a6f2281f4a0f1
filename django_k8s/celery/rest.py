"""Let the main process of an idle worker sleep. By default, it wakes three times a second."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from typing import Any

from celery import bootsteps, signals
from celery.concurrency.prefork import TaskPool
from celery.worker import state

WAIT_SECONDS = 3.0  # for a message, in one command; less than the socket timeout of 5 seconds
CALM_SECONDS = 15.0

# What kombu 5.7 does more often than anybody needs it: every second, it looks for queues that expire, whose bindings it
# keeps for an hour; and with each health check, the connection for commands sends and gets two pings.
_TIMERS = (
    ("_binding_expiry_tref", "maybe_refresh_binding_expiry"),
    ("_subclient_health_tref", "maybe_check_subclient_health"),
)


class Rest(bootsteps.StartStopStep):  # type: ignore[misc]
    """Makes the consumer's event loop wake less often, and at once when the worker has to stop.

    The loop looks for a stop only when it wakes, and a stop waits for the end of the command that waits for a message.
    So a signal wakes the loop, and the command is ended by the server.

    Other pools than processes do not wake the loop when a task ends, so it stays as it is.
    """

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._timers: list[Any] = []
        self._channel: Any = None
        # The socket of the connection that waits for a message, and its id at the server.
        self._waiting: tuple[Any, int | None] = (None, None)
        self._pipe: tuple[int, int] | None = None

    def include_if(self, consumer: Any) -> bool:
        """Return whether the event loop hears of tasks that end."""
        return bool(consumer.hub) and isinstance(consumer.pool, TaskPool)

    def start(self, consumer: Any) -> None:
        """Start when the consumer has a connection."""
        reader, _ = self._open()
        consumer.hub.add_reader(reader, os.read, reader, 64)
        cycle = getattr(consumer.connection.transport, "cycle", None)
        for attribute, name in _TIMERS:
            former, look = getattr(cycle, attribute, None), getattr(cycle, name, None)
            if former is not None and look is not None:
                former.cancel()
                self._timers.append(consumer.timer.call_repeatedly(CALM_SECONDS, look))
        self._channel, self._waiting = consumer.task_consumer.channel, (None, None)
        if begin := getattr(self._channel, "_brpop_start", None):
            self._channel._brpop_start = self._waiting_longer(self._channel, begin)

    def stop(self, consumer: Any) -> None:
        """Stop when the connection is lost or the worker ends."""
        while self._timers:
            self._timers.pop().cancel()
        consumer.hub.remove_reader(self._open()[0])
        number = self._waiting[1]
        stopping = state.should_stop is not None or state.should_terminate is not None
        if stopping and number is not None:
            # Without this, it would go on for at most three seconds.
            with (
                contextlib.suppress(self._channel.ResponseError, *consumer.connection_errors),
                self._channel.conn_or_acquire() as client,
            ):
                client.client_unblock(number)

    def _open(self) -> tuple[int, int]:
        """Return the pipe through which a signal wakes the loop."""
        if self._pipe is None:
            self._pipe = os.pipe()
            for end in self._pipe:
                os.set_blocking(end, False)
            signals.worker_shutting_down.connect(self._wake)
        return self._pipe

    def _wake(self, **kwargs: Any) -> None:
        with contextlib.suppress(OSError):
            os.write(self._open()[1], b".")

    def _waiting_longer(self, channel: Any, begin: Callable[..., None]) -> Callable[[], None]:
        """Return ``begin``, which starts to wait for a message, with a longer timeout if the server can end the wait."""
        usual = getattr(channel, "brpop_timeout", 1)

        def begin_longer() -> None:
            sock = channel.client.connection._sock
            if self._waiting[0] is not sock:
                self._waiting = sock, _client_id(channel)
            # kombu looks here for how long an answer may take.
            channel.brpop_timeout = usual if self._waiting[1] is None else WAIT_SECONDS
            begin(timeout=channel.brpop_timeout)

        return begin_longer


def _client_id(channel: Any) -> int | None:
    """Return the id by which the server knows the connection that waits for messages, or None if it does not say."""
    client = channel.client
    try:
        client.connection.send_command("CLIENT", "ID")
        return int(client.parse_response(client.connection, "CLIENT ID"))
    except (channel.ResponseError, TypeError, ValueError):
        return None
