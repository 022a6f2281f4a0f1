"""Let the main process of an idle worker wake less often."""

from __future__ import annotations

from typing import Any

from celery import bootsteps

# What kombu 5.7 does more often than anybody needs it, and how often is enough, in seconds. Every second, it looks for
# queues that expire, whose bindings it keeps for an hour. With each health check, the connection for commands sends and
# gets two pings; it is given up after three checks without an answer.
_TIMERS = (
    ("_binding_expiry_tref", "maybe_refresh_binding_expiry", 60.0),
    ("_subclient_health_tref", "maybe_check_subclient_health", 10.0),
)


class Rest(bootsteps.StartStopStep):  # type: ignore[misc]
    """Give the timers of the Redis transport longer intervals."""

    requires = ("celery.worker.consumer.tasks:Tasks",)

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._timers: list[Any] = []

    def include_if(self, consumer: Any) -> bool:
        """Return whether there is an event loop, which has these timers."""
        return bool(consumer.hub)

    def start(self, consumer: Any) -> None:
        """Start when the consumer has a connection."""
        cycle = getattr(consumer.connection.transport, "cycle", None)
        for attribute, name, seconds in _TIMERS:
            former, look = getattr(cycle, attribute, None), getattr(cycle, name, None)
            if former is not None and look is not None:
                former.cancel()
                self._timers.append(consumer.timer.call_repeatedly(seconds, look))

    def stop(self, consumer: Any) -> None:
        """Stop when the connection is lost or the worker ends."""
        while self._timers:
            self._timers.pop().cancel()
