"""gunicorn's own asgi worker with a heartbeat, and a stop that does not wait for idle clients.

There is no pool of threads, so stalled means that the event loop is stuck, and the heartbeat's age
tells that.
"""

from __future__ import annotations

import asyncio
from typing import Any

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

from django_k8s.servers.beating import EVERY_SECONDS, Beating

# What a stopping worker leaves to a client that may be sending its next request; as in gthread.
IDLE_SECONDS = 2.0


class Connection(ASGIProtocol):  # type: ignore[misc]
    """A connection that its worker knows, so that it can be closed while it is idle."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.worker.connections.add(self)
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self.worker.connections.discard(self)
        super().connection_lost(exc)

    def close_if_idle(self) -> None:
        """Close a kept-alive connection that waits for its next request."""
        if self._awaiting_request and not self._finishing_calls:
            self._keepalive_timeout()


# The worker names its protocol by this global alone.
gasgi.ASGIProtocol = Connection


class AsgiWorker(Beating, gasgi.ASGIWorker):  # type: ignore[misc]
    """An ``asgi`` worker."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: set[Connection] = set()

    async def _serve(self) -> None:
        beating = asyncio.create_task(self._beat_for_ever())
        try:
            await super()._serve()
        finally:
            beating.cancel()

    async def _beat_for_ever(self) -> None:
        # gunicorn's own sign of life ends with SIGTERM, this one with the last request.
        while True:
            self.beat()
            await asyncio.sleep(EVERY_SECONDS)

    async def _shutdown(self) -> None:
        closing = asyncio.create_task(self._close_idle())
        try:
            await super()._shutdown()
        finally:
            closing.cancel()

    async def _close_idle(self) -> None:
        """Without this an idle connection holds the stop for the whole graceful time-out."""
        await asyncio.sleep(IDLE_SECONDS)
        for connection in list(self.connections):
            connection.close_if_idle()
