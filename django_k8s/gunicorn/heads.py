"""Connections that have not sent their request head yet, so they need no thread.

gunicorn gives a connection a thread as soon as a byte has arrived, or after five seconds without one. So eight
clients that send half a head occupy eight threads as long as they like. Here, the main thread looks at the bytes that
have arrived, and leaves them in the socket for the thread that reads them.
"""

from __future__ import annotations

import enum
import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from gunicorn.workers.gthread import TConn

# The maximum that is examined, and so the largest head. Proxies allow 8 to 64 KiB.
LARGEST = 65536
_END = b"\r\n\r\n"

SUPPORTED = hasattr(select, "epoll")  # Linux
if SUPPORTED:
    _ARRIVALS = select.EPOLLIN | select.EPOLLRDHUP | select.EPOLLET
    _CLOSED = select.EPOLLRDHUP | select.EPOLLHUP | select.EPOLLERR


class Head(enum.Enum):
    """How much of a request head has arrived."""

    WHOLE = enum.auto()
    NOTHING = enum.auto()
    PART = enum.auto()
    TOO_LARGE = enum.auto()
    GONE = enum.auto()


@dataclass(slots=True)
class _Waiting:
    conn: TConn
    since: float
    until: float
    started: bool


class Heads:
    """The connections that wait for their head. All methods run in the worker's main thread.

    The edge-triggered epoll reports each piece once. The worker's own poller would report a piece that stays in the
    kernel again and again.
    """

    def __init__(self, silent_seconds: float, head_seconds: float) -> None:
        self._silent_seconds, self._head_seconds = silent_seconds, head_seconds
        self._epoll = select.epoll()
        self._waiting: dict[int, _Waiting] = {}  # by descriptor, oldest first
        self._buffer = bytearray(LARGEST)

    def fileno(self) -> int:
        """Return the file descriptor for the worker's poller. It is readable when :meth:`arrived` must be called."""
        return self._epoll.fileno()

    def close(self) -> None:
        self._epoll.close()

    def __len__(self) -> int:
        return len(self._waiting)

    def look(self, conn: TConn) -> Head:
        """Return what has arrived on ``conn``, without taking it from the socket."""
        try:
            count = conn.sock.recv_into(self._buffer, 0, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            count = -1
        except OSError:
            return Head.GONE
        data, end = self._buffer, max(count, 0)
        # If the client pipelines, the thread of one request has also read a part of the next one.
        if conn.parser is not None and (ahead := conn.parser.unreader.buf.getvalue()):
            data = bytearray(ahead) + data[:end]
            end = len(data)
        if data.find(_END, 0, end) >= 0:
            return Head.WHOLE
        if count == 0:
            return Head.GONE
        if not end:
            return Head.NOTHING
        if end >= LARGEST:
            return Head.TOO_LARGE
        # A line that ends with only LF: gunicorn refuses it as soon as it reads it.
        return Head.WHOLE if data.count(b"\n", 0, end) != data.count(b"\r\n", 0, end) else Head.PART

    def wait(self, conn: TConn, head: Head) -> None:
        """Watch ``conn``, if NOTHING or a PART of its head has arrived."""
        now = time.monotonic()
        started = head is Head.PART
        until = now + (self._head_seconds if started else self._silent_seconds)
        self._waiting[conn.sock.fileno()] = _Waiting(conn, now, until, started)
        self._epoll.register(conn.sock, _ARRIVALS)

    def arrived(self, decide: Callable[[TConn, Head], None]) -> None:
        """Call ``decide`` for every connection that no longer waits."""
        for descriptor, event in self._epoll.poll(0):
            waiting = self._waiting.get(descriptor)
            if waiting is None:  # given up in this round
                continue
            head = self.look(waiting.conn)
            if head in (Head.NOTHING, Head.PART):
                # The time for a head starts at its first byte.
                if head is Head.PART and not waiting.started:
                    waiting.started = True
                    waiting.until = time.monotonic() + self._head_seconds
                if not event & _CLOSED:
                    continue
                head = Head.GONE  # the rest will never arrive
            self._forget(descriptor)
            decide(waiting.conn, head)

    def late(self, stop_by: float | None = None) -> list[TConn]:
        """Forget and return the connections whose time is over. At ``stop_by``, these are all of them."""
        now = time.monotonic()
        late = [
            descriptor
            for descriptor, waiting in self._waiting.items()
            if waiting.until <= now or (stop_by is not None and stop_by <= now)
        ]
        return [self._forget(descriptor) for descriptor in late]

    def oldest(self, at_least: float) -> TConn | None:
        """Forget and return the connection that has waited longest, if it has waited ``at_least`` seconds."""
        for descriptor, waiting in self._waiting.items():
            if time.monotonic() - waiting.since < at_least:
                return None
            return self._forget(descriptor)
        return None

    def _forget(self, descriptor: int) -> TConn:
        self._epoll.unregister(descriptor)
        return self._waiting.pop(descriptor).conn


def take(conn: TConn) -> bool:
    """Read what has arrived on a kept connection, and return whether a thread can continue with it.

    It runs in this thread, and replaces the first read of the parser.
    """
    try:
        piece = conn.sock.recv(8192)  # non-blocking, as long as the connection is kept
    except BlockingIOError:
        return False
    if piece:
        conn.parser.unreader.unread(piece)
    return not piece or _END in piece


def possible(cfg: Any) -> bool:
    """Return whether the connection carries plain requests, without TLS or another protocol."""
    return (
        SUPPORTED
        and not cfg.is_ssl
        and cfg.proxy_protocol == "off"
        and cfg.protocol == "http"
        and cfg.http2_cleartext == "off"
    )
