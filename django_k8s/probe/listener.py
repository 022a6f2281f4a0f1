"""A small HTTP server for probes, with one thread, one selector and only the standard library.

It runs in a process beside the role, so it answers even if every thread of the role is busy. Answers are short, and
each connection serves one request, as the kubelet expects.

It exists because each pod runs one: http.server and asyncio need 3 MiB more.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import NamedTuple

from django_k8s.probe.heartbeat import running

CONNECTION_SECONDS = 5.0  # how long a client may take for one request
CONNECTIONS = 64  # at the same time; for another one, the oldest is closed
REQUEST_BYTES = 8192
TICK_SECONDS = 1.0  # while there are connections, or if the system cannot report the end of the process
LOOK_SECONDS = 30.0


class Response(NamedTuple):
    """An HTTP response."""

    status: int
    body: str
    content_type: str = "text/plain; charset=utf-8"


# Each gets the query of the request. A route with much work returns an iterator, which yields None after each piece
# of the work, so that other requests are answered in between, and finally the response.
Routes = Mapping[str, Callable[[str], Response | Iterator[Response | None]]]


class _Connection:
    # Not a dataclass: its imports take a quarter of a listener's memory, and each pod has one.
    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.until = time.monotonic() + CONNECTION_SECONDS
        self.request = self.response = b""
        self.work: Iterator[bytes] = iter(())


def respond(request: bytes, routes: Routes) -> Iterator[bytes]:
    """Yield the bytes that answer a request's head. Before that, yield an empty piece after each part of longer work.

    If a route raises an error, answer 500 without the reason.
    """
    parts = request.split(b"\r\n", 1)[0].decode("latin-1").split(" ")
    method, target = (parts[0], parts[1]) if len(parts) == 3 else ("", "")
    path, _, query = target.partition("?")
    route = routes.get(path)
    extra = ""
    if not method:
        response = Response(400, "bad request\n")
    elif method not in ("GET", "HEAD"):
        response, extra = Response(405, "method not allowed\n"), "Allow: GET, HEAD\r\n"
    elif route is None:
        response = Response(404, "not found\n")
    else:
        response = Response(500, "error\n")
        try:
            result = route(query)
            if isinstance(result, Response):
                response = result
            else:
                yield b""
                for step in result:
                    if step is None:
                        yield b""
                    else:
                        response = step
        except Exception:
            response = Response(500, "error\n")
    body = response.body.encode()
    head = (
        f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}\r\n"
        f"Content-Type: {response.content_type}\r\nContent-Length: {len(body)}\r\n{extra}"
        "Cache-Control: no-store\r\nConnection: close\r\n\r\n"
    ).encode("latin-1")
    yield head if method == "HEAD" else head + body


def listen(port: int) -> socket.socket:
    """Return a listening socket on all addresses of the pod, including IPv6 if the machine has it.

    Raise OSError if the port is taken.
    """
    if socket.has_dualstack_ipv6():
        return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
    return socket.create_server(("", port))


class Listener:
    """Serve ``routes`` on a listening socket until the process ``pid`` has ended.

    ``look`` is called regularly, even if nobody asks. Errors in it are ignored.
    """

    def __init__(
        self, sock: socket.socket, routes: Routes, pid: int, look: Callable[[], object] = lambda: None
    ) -> None:
        self._routes = routes
        self._pid = pid
        self._look, self._looked = look, time.monotonic()
        self._connections: dict[_Connection, None] = {}  # a set that keeps its order: oldest first
        self._working: dict[_Connection, None] = {}  # whose response is not finished
        self._selector = selectors.DefaultSelector()
        sock.setblocking(False)
        self._selector.register(sock, selectors.EVENT_READ, self._accept)
        self._ended = False
        try:
            self._pidfd: int | None = os.pidfd_open(pid)
        except ProcessLookupError:
            self._ended = True
        except (AttributeError, OSError):
            self._pidfd = None  # an older kernel or a sandbox without this call: check at each tick
        else:
            self._selector.register(self._pidfd, selectors.EVENT_READ, self._end)

    def serve(self) -> None:
        """Answer requests until the process has ended."""
        while not self._ended:
            events = self._selector.select(self._patience())
            for key, _ in events:
                # A connection that was just closed, to make room, may also be ready.
                if self._selector.get_map().get(key.fd) is key:
                    key.data(key.fileobj)
            if self._working and not events:  # probes come first
                self._work(next(iter(self._working)))
            now = time.monotonic()
            for connection in [c for c in self._connections if c.until < now]:
                self._close(connection)
            if now - self._looked >= LOOK_SECONDS:
                self._looked = now
                with contextlib.suppress(Exception):
                    self._look()
            if self._pidfd is None and not running(self._pid):
                self._ended = True

    def _patience(self) -> float:
        """Return how long there is nothing to do if nobody asks."""
        if self._working:
            return 0
        if self._connections or self._pidfd is None:
            return TICK_SECONDS
        return max(0.0, self._looked + LOOK_SECONDS - time.monotonic())

    def _end(self, _: object) -> None:
        self._ended = True

    def _accept(self, listening: socket.socket) -> None:
        try:
            sock, _ = listening.accept()
        except OSError:
            return
        sock.setblocking(False)
        if len(self._connections) >= CONNECTIONS:
            self._close(next(iter(self._connections)))
        connection = _Connection(sock)
        self._connections[connection] = None
        self._selector.register(sock, selectors.EVENT_READ, lambda _: self._read(connection))

    def _read(self, connection: _Connection) -> None:
        try:
            piece = connection.sock.recv(REQUEST_BYTES)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        connection.request += piece
        if not piece or len(connection.request) > REQUEST_BYTES:
            self._close(connection)
        elif b"\r\n\r\n" in connection.request:
            connection.work = respond(connection.request, self._routes)
            self._selector.unregister(connection.sock)
            self._work(connection)

    def _work(self, connection: _Connection) -> None:
        """Do one piece of the work for a response, and send it when it is complete."""
        self._working.pop(connection, None)
        connection.response = next(connection.work)
        if not connection.response:
            connection.until = time.monotonic() + CONNECTION_SECONDS
            self._working[connection] = None
            return
        self._selector.register(connection.sock, selectors.EVENT_WRITE, lambda _: self._write(connection))
        self._write(connection)

    def _write(self, connection: _Connection) -> None:
        try:
            sent = connection.sock.send(connection.response)
        except BlockingIOError:
            return
        except OSError:
            sent = len(connection.response)
        connection.response = connection.response[sent:]
        if not connection.response:
            self._close(connection)

    def _close(self, connection: _Connection) -> None:
        del self._connections[connection]
        if self._working.pop(connection, self) is self:
            self._selector.unregister(connection.sock)
        connection.sock.close()
