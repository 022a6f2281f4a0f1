"""Notice that the broker no longer answers, or that an acknowledgement did not reach it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from celery import bootsteps

EVERY_SECONDS = 5.0


class BrokerWatch(bootsteps.StartStopStep):  # type: ignore[misc]
    """Notice a Redis that went silent, and repeat failed acknowledgements, from a timer in the consumer's event loop.

    The consumer of an idle worker only waits, and a silent connection looks the same. RabbitMQ has heartbeats for
    this. From kombu 5.7 on, the transport notices that Redis did not answer in time. With older releases, ping it.

    A message whose acknowledgement failed counts as unacknowledged as long as the connection lasts. It takes the place
    of another one, and with enough of them, the worker takes no more messages.

    Events have a separate connection to the same broker. If the other connection is lost, this one is dropped too,
    without a goodbye: a broker that does not answer would block the consumer for half a minute.
    """

    # It stops before these.
    requires = ("celery.worker.consumer.tasks:Tasks", "celery.worker.consumer.heart:Heart")

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._timer: Any = None
        self._ask: Callable[[], object] | None = None
        self._failed: list[Callable[[], object]] = []  # acknowledgements

    def start(self, consumer: Any) -> None:
        """Start when the consumer has a connection."""
        channel = consumer.task_consumer.channel
        for name in ("basic_ack", "basic_reject"):
            setattr(channel, name, self._noting(getattr(channel, name), consumer.connection_errors))
        self._failed.clear()
        cycle = getattr(consumer.connection.transport, "cycle", None)
        self._ask = None if hasattr(cycle, "maybe_check_brpop_health") else _question(channel)
        every = EVERY_SECONDS if self._ask else 2 * EVERY_SECONDS
        self._timer = consumer.timer.call_repeatedly(every, self._look, priority=10)

    def stop(self, consumer: Any) -> None:
        """Stop when the connection is lost or the worker ends."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        events, connection = consumer.event_dispatcher, consumer.connection
        if events is not None and not (connection and connection.connected):
            events.disable()
            events.connection.collect()

    def _noting(self, send: Callable[..., Any], errors: tuple[type[Exception], ...]) -> Callable[..., Any]:
        def noting(*args: Any, **kwargs: Any) -> Any:
            try:
                return send(*args, **kwargs)
            except errors:  # Celery logs it and continues
                self._failed.append(partial(send, *args, **kwargs))
                raise

        return noting

    def _look(self) -> None:
        """Raise an error of the connection if the broker does not answer, so that the consumer starts again."""
        if self._ask is not None:
            self._ask()
        while self._failed:
            self._failed.pop(0)()


def _question(channel: Any) -> Callable[[], object] | None:
    """Return a function that pings the server of a channel of Redis, or None for other brokers."""
    connect = getattr(channel, "conn_or_acquire", None)
    if connect is None:
        return None
    with connect() as client:  # from the channel's pool, not the connection that waits for messages
        ask: Callable[[], object] = client.ping
    return ask
