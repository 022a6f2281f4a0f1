"""gunicorn's threaded worker with a heartbeat, and without its waits for slow closers.

The heartbeat comes from the worker's main loop, so a frozen loop goes stale, and it tells how many
threads are taken and since when none has finished, so that a busy pool is told from a dead one.
"""

from __future__ import annotations

import selectors
import socket
import time
from concurrent.futures import Future
from functools import partial
from typing import Any

from gunicorn.workers import gthread

from django_k8s.gunicorn.database_connections import pool_statistics
from django_k8s.gunicorn.heartbeat import HeartbeatMixin

# gunicorn closes a connection by sending its FIN and reading on until the client closes too, so that
# no reset destroys an answer on its way. These are its own limits for that (util.close_graceful).
LINGER_SECONDS = 2.0
LINGER_BYTES = 65536


class ThreadWorker(HeartbeatMixin, gthread.ThreadWorker):  # type: ignore[misc]
    """A ``gthread`` worker; all that is added here runs on its main thread."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._busy = 0
        self._since = time.monotonic()
        self._lingering: dict[gthread.TConn, int] = {}  # bytes that may still be read; oldest first

    # How busy the pool is

    def heartbeat_fields(self) -> dict[str, object]:
        return {
            "threads": self.cfg.threads,
            "busy": min(self._busy, self.cfg.threads),
            "since": self._since,
            **pool_statistics(),
        }

    def enqueue_req(self, conn: gthread.TConn) -> None:
        self._busy += 1
        if self._busy == self.cfg.threads:
            self._since = time.monotonic()
        super().enqueue_req(conn)

    def finish_request(self, conn: gthread.TConn, fs: Future[Any]) -> None:
        self._busy -= 1
        self._since = time.monotonic()
        if fs.cancelled() or fs.exception() or fs.result():
            super().finish_request(conn, fs)
        else:
            self._linger(conn)

    # Closing without waiting: gunicorn would wait here, in the main loop, up to two seconds for each
    # client that does not close; eight of them stop a worker for twelve.

    def _linger(self, conn: gthread.TConn) -> None:
        conn.timeout = time.monotonic() + LINGER_SECONDS
        try:
            conn.sock.setblocking(False)
            conn.sock.shutdown(socket.SHUT_WR)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError):
            # The client is gone already, or an error's path has closed the socket.
            self.nr_conns -= 1
            conn.close()
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
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """Called in each round of the main loop, of the stopping one too."""
        super().murder_pending()
        now = time.monotonic()
        for conn in [conn for conn in self._lingering if conn.timeout <= now]:
            self._let_go(conn)
