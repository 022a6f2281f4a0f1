"""gunicorn's threaded worker with a heartbeat, whose threads do not wait for slow clients.

A connection gets a thread when its request head is complete. A client that then stalls is disconnected, and the
worker does not wait for clients that do not close. The heartbeat comes from the worker's main loop, so it goes stale
if the loop hangs. It contains the number of busy threads, and since when none has finished, to distinguish a busy
pool from a dead one.
"""

from __future__ import annotations

import errno
import selectors
import socket
import sys
import threading
import time
import traceback
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.workers import gthread

from django_k8s.gunicorn import bodies, heads
from django_k8s.gunicorn.body_room import Share
from django_k8s.gunicorn.database_connections import pool_statistics
from django_k8s.gunicorn.heads import Head, Heads
from django_k8s.gunicorn.heartbeat import HeartbeatMixin
from django_k8s.gunicorn.limits import limits
from django_k8s.gunicorn.rest import RestMixin
from django_k8s.gunicorn.stalled_clients import ClientSocket

# gunicorn closes a connection by sending a FIN, and then reads until the client closes too, so that no reset destroys
# an answer on its way. These are its own limits for this (util.close_graceful).
LINGER_SECONDS = 2.0
LINGER_BYTES = 65536

# How long a stopping worker waits for a client that sends its request. gunicorn does this for kept connections.
STOP_SECONDS = 2.0
# To accept another connection, a full worker closes none that is younger than this, unless it has to.
YOUNG_SECONDS = 1.0

_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)

# The result of a thread that found only a part of a head.
_PARTIAL = object()


class _Work:
    """The work of a thread for a connection."""

    __slots__ = ("began", "reported", "thread")

    def __init__(self) -> None:
        self.began = 0.0  # in the queue until then
        self.thread = 0
        self.reported = False


class ThreadWorker(RestMixin, HeartbeatMixin, gthread.ThreadWorker):  # type: ignore[misc]
    """A ``gthread`` worker. Everything here runs in its main thread, unless stated otherwise."""

    wsgi: bodies.Wsgi

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits()
        self._working: dict[gthread.TConn, _Work] = {}
        self._since = time.monotonic()
        self._lingering: dict[gthread.TConn, int] = {}  # bytes that may still be read; oldest first
        self._heads: Heads | None = None
        self._looked = 0.0  # when it last looked for late connections
        self._stop_by: float | None = None

    def load_wsgi(self) -> None:
        super().load_wsgi()
        self.wsgi = bodies.answer_refusals(self.wsgi)

    def run(self) -> None:
        if self._limits.guarded and heads.possible(self.cfg):
            self._heads = Heads(self.cfg.keepalive or self._limits.head, self._limits.head)
            self.poller.register(self._heads.fileno(), selectors.EVENT_READ, self._heads_arrived)
        super().run()

    # How busy the pool is

    def heartbeat_fields(self) -> dict[str, object]:
        now = time.monotonic()
        # If the pool waits for clients, the application has not stalled. Clients that stall are disconnected.
        if any(getattr(conn.sock, "waiting", False) for conn in self._working):
            self._since = now
        if self._limits.longest:
            self._report_longest(now)
        return {
            "threads": self.cfg.threads,
            "busy": min(len(self._working), self.cfg.threads),
            "since": self._since,
            **pool_statistics(),
        }

    def _report_longest(self, now: float) -> None:
        for conn, work in self._working.items():
            if work.reported or not work.began or now - work.began < self._limits.longest:
                continue
            work.reported = True
            frame = sys._current_frames().get(work.thread)
            request = conn.parser and conn.parser.mesg
            self.log.warning(
                "A request has taken %d s: %s %s\n%s",
                now - work.began,
                request and request.method,
                request and request.path,
                "".join(traceback.format_stack(frame)) if frame else "",
            )

    def enqueue_req(self, conn: gthread.TConn) -> None:
        """Give ``conn`` to the pool. gunicorn always calls this method for it."""
        if self._heads is None:
            self._give_thread(conn)
            return
        if type(conn.sock) is not ClientSocket:  # just accepted
            if conn.sock.family not in (socket.AF_INET, socket.AF_INET6):
                self._give_thread(conn)
                return
            try:
                conn.sock = ClientSocket.adopt(conn.sock, self._limits.silence)
            except OSError:
                self._drop(conn)
                return
            if self.nr_conns >= self.worker_connections:
                self._make_room()
        elif not conn.parser.unreader.buf.getvalue():
            # A kept connection whose next request has begun. Its head is nearly always complete, so its thread looks
            # at it: if the main thread did, it would have to hand over the interpreter's lock.
            conn.data_ready = False
            self._give_thread(conn)
            return
        self._decide(conn, self._heads.look(conn))

    def _give_thread(self, conn: gthread.TConn) -> None:
        self._working[conn] = _Work()
        if len(self._working) == self.cfg.threads:
            self._since = time.monotonic()
        super().enqueue_req(conn)

    def handle(self, conn: gthread.TConn) -> Any:
        """Serve a request; runs in a thread."""
        if self._limits.longest:
            work = self._working[conn]
            work.thread, work.began = threading.get_ident(), time.monotonic()
        if (
            self._heads is not None
            and not conn.data_ready
            and conn.parser is not None
            and not heads.take(conn)
        ):
            return _PARTIAL
        return super().handle(conn)

    def handle_request(self, req: Any, conn: gthread.TConn) -> bool:
        """Serve a request whose head is parsed; runs in a thread."""
        length = getattr(req.body.reader, "length", None)  # None of a chunked body
        if length == 0:
            return bool(super().handle_request(req, conn))
        largest = self._limits.body
        if largest and length is not None and length > largest:
            bodies.report(conn.client)
            util.write_error(conn.sock, 413, "Content Too Large", "The request body is too large.")
            return False
        # Django stores no body of unknown length.
        share = Share(length or 0)
        if not share.begin():
            bodies.report_no_room(conn.client)
            util.write_error(conn.sock, 503, "Service Unavailable", "There is no space for the request body.")
            return False
        req.body.reader = bodies.Body(req.body.reader, req, length)
        try:
            return bool(super().handle_request(req, conn))
        finally:
            share.release()

    def finish_request(self, conn: gthread.TConn, fs: Future[Any]) -> None:
        del self._working[conn]
        self._since = time.monotonic()
        result = not fs.cancelled() and (fs.exception() or fs.result())
        if result is _PARTIAL and self._heads is not None:
            self._decide(conn, self._heads.look(conn))
        elif result or fs.cancelled():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    # Waiting for heads

    def _decide(self, conn: gthread.TConn, head: Head) -> None:
        assert self._heads is not None
        if head is Head.WHOLE:
            conn.data_ready = True
            self._give_thread(conn)
        elif head is Head.GONE:
            self._drop(conn)
        elif head is Head.TOO_LARGE:
            self._refuse_head(conn)
        else:
            self._heads.wait(conn, head)

    def _heads_arrived(self, _fileobj: object) -> None:
        assert self._heads is not None
        self._heads.arrived(self._decide)

    def _refuse_head(self, conn: gthread.TConn) -> None:
        self.log.warning("431: a request head of %s is larger than %d bytes.", conn.client, heads.LARGEST)
        try:
            conn.sock.setblocking(False)
            conn.sock.send(_HEAD_TOO_LARGE)
        except OSError:
            self._drop(conn)
        else:
            self._linger(conn)

    def _drop(self, conn: gthread.TConn) -> None:
        self.nr_conns -= 1
        conn.close()

    # Room for other connections

    def accept(self, listener: Any) -> None:
        try:
            super().accept(listener)
        except OSError as error:
            # gunicorn's worker would end, together with all of its requests.
            if error.errno not in _NO_DESCRIPTOR:
                raise
            self._make_room()

    def _make_room(self) -> None:
        """Close an idle connection, so that the worker can accept others."""
        if self._heads is not None and (conn := self._heads.oldest(YOUNG_SECONDS)):
            self._drop(conn)
        elif self.keepalived_conns:
            conn = self.keepalived_conns.popleft()
            self.poller.unregister(conn.sock)
            self._drop(conn)
        elif self._heads is not None and (conn := self._heads.oldest(0)):
            self._drop(conn)

    def on_client_socket_readable(self, conn: gthread.TConn, client: socket.socket) -> None:
        if client.fileno() >= 0:  # it may have been closed in this round, to make room
            super().on_client_socket_readable(conn, client)

    # Close without waiting. gunicorn would wait here, in the main loop, up to two seconds for each client that does
    # not close. Eight of them stop a worker for twelve seconds.

    def _linger(self, conn: gthread.TConn) -> None:
        conn.timeout = time.monotonic() + LINGER_SECONDS
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):
            # The client has already disconnected, or an error handler has closed the socket.
            self._drop(conn)
        else:
            self._lingering[conn] = LINGER_BYTES

    def _drain(self, conn: gthread.TConn, sock: socket.socket) -> None:
        try:
            piece = sock.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        self._lingering[conn] -= len(piece)
        if not piece or self._lingering[conn] <= 0:
            self._let_go(conn)

    def _let_go(self, conn: gthread.TConn) -> None:
        del self._lingering[conn]
        self.poller.unregister(conn.sock)
        self._drop(conn)

    def murder_pending(self) -> None:
        """Do the regular work. It is called in each round of the main loop, even while the worker stops."""
        super().murder_pending()
        now = time.monotonic()
        while self._lingering and (conn := next(iter(self._lingering))).timeout <= now:
            self._let_go(conn)
        if self._heads is None:
            return
        if not self.alive and self._stop_by is None:
            self._stop_by = now + STOP_SECONDS
        # This looks at each connection, so it does not run in every round of a busy loop.
        if now - self._looked >= (1.0 if self.alive else 0.1):
            self._looked = now
            for conn in self._heads.late(self._stop_by):
                self._drop(conn)
