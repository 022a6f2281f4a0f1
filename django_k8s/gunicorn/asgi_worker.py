"""gunicorn's asgi worker with a heartbeat, whose stop interrupts no request and waits for no idle client.

There is no pool of threads, so stalled means that the event loop hangs. The age of the heartbeat shows this.
"""

from __future__ import annotations

import asyncio
import socket
import sys
import time
from typing import Any

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

from django_k8s.gunicorn import bodies, request_threads
from django_k8s.gunicorn.heartbeat import HeartbeatMixin
from django_k8s.gunicorn.limits import limits
from django_k8s.gunicorn.rest import rest_seconds
from django_k8s.gunicorn.stalled_clients import set_user_timeout

# How long a stopping worker waits for a client that may send its next request, as in gthread.
IDLE_SECONDS = 2.0


class AliveWorkerView:
    """The worker as its HTTP/1 connections see it: alive until the end.

    gunicorn closes a connection when its worker stops, even if the answer has just announced that the connection
    stays open. Then the client's next request is lost. With this class, a connection closes only after an answer that
    announced it in :meth:`Connection._will_close`.
    """

    _worker: AsgiWorker

    def __init__(self, worker: AsgiWorker) -> None:
        object.__setattr__(self, "_worker", worker)

    def __getattr__(self, name: str) -> Any:
        return True if name == "alive" else getattr(self._worker, name)

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._worker, name, value)


class Connection(ASGIProtocol):  # type: ignore[misc]
    """A connection that its worker knows, so that it can be closed while it is idle."""

    def __init__(self, worker: AsgiWorker) -> None:
        super().__init__(AliveWorkerView(worker))
        self._real_worker = worker

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.worker.connections.add(self)
        self.made = time.monotonic()
        super().connection_made(transport)
        sock = transport.get_extra_info("socket")
        if limits().guarded and sock is not None and sock.family in (socket.AF_INET, socket.AF_INET6):
            set_user_timeout(sock, limits().silence)

    def data_received(self, data: bytes) -> None:
        try:
            super().data_received(data)
        except ValueError as error:
            # The number has more digits than Python accepts. asyncio would log a traceback.
            self._real_worker.log.warning("Invalid request: %s", type(error).__name__)
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.worker.connections.discard(self)
        super().connection_lost(exc)

    def _will_close(self, request: Any, response_requires_close: bool) -> bool:
        return bool(self.worker.stopping or super()._will_close(request, response_requires_close))

    async def _handle_http2_connection(self, *args: Any, **kwargs: Any) -> None:
        # HTTP/2 loses no request: new streams are refused, so the client sends them elsewhere, and GOAWAY ends the
        # connection after the last stream. For this, gunicorn has to see that the worker stops.
        self.worker = self._real_worker
        await super()._handle_http2_connection(*args, **kwargs)

    @property
    def idle(self) -> bool:
        """Return whether the connection only waits for its next request."""
        return self._awaiting_request and not self._finishing_calls

    @property
    def has_asked(self) -> bool:
        """Return whether the head of a request has arrived. From then on, gunicorn limits the idle time."""
        return self.req_count > 1 or not self._awaiting_request

    def close_idle(self) -> None:
        """Handle the end of the keep-alive time, as gunicorn does."""
        self._keepalive_timeout()


# The worker takes its protocol only from this global.
gasgi.ASGIProtocol = Connection


class AsgiWorker(HeartbeatMixin, gasgi.ASGIWorker):  # type: ignore[misc]
    """An ``asgi`` worker."""

    alive: bool
    asgi: bodies.Asgi
    nr: int
    max_requests: int

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connections: set[Connection] = set()
        # Done here, where it interrupts no request, instead of in the connections.
        self._replace_at, self.max_requests = self.max_requests, sys.maxsize

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.asgi = request_threads.kept_threads(bodies.limited(self.asgi))

    @property
    def stopping(self) -> bool:
        """Handle SIGTERM, or the replacement of this process."""
        return not self.alive

    def notify(self) -> None:
        super().notify()
        if limits().guarded:
            self._close_silent()
        if self.nr >= self._replace_at and self.alive:
            self.log.info("Replacing this process after %d requests.", self.nr)
            self.alive = False

    async def _serve(self) -> None:
        beating = asyncio.create_task(self._beat_for_ever())
        try:
            await super()._serve()
        finally:
            beating.cancel()

    async def _beat_for_ever(self) -> None:
        # gunicorn's own sign of life begins when it listens and ends at SIGTERM, this one with the last request.
        seconds = rest_seconds(self.cfg.timeout)
        while True:
            self.beat()
            await asyncio.sleep(seconds)

    def _close_silent(self) -> None:
        """Close connections that have sent no request head for the keep-alive time, as gthread does."""
        before = time.monotonic() - (self.cfg.keepalive or limits().head)
        for connection in [one for one in self.connections if one.made < before and not one.has_asked]:
            connection.close_idle()

    async def _shutdown(self) -> None:
        closing = asyncio.create_task(self._close_idle())
        try:
            await super()._shutdown()
        finally:
            closing.cancel()

    async def _close_idle(self) -> None:
        """Close connections that were idle twice in a row. Otherwise one idle client would delay the stop."""
        before: set[Connection] = set()
        while True:
            idle = {connection for connection in self.connections if connection.idle}
            for connection in idle & before:
                connection.close_idle()
            before = idle
            await asyncio.sleep(IDLE_SECONDS)
