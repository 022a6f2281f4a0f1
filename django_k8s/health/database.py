"""Health check: the database answers on a new connection."""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from django_k8s.database.connections import own_connection


class Database:
    """A check that passes if one database alias answers ``SELECT 1``.

    Each run uses a new connection outside the pool. A pool that is exhausted because the site is busy is not a reason
    to stop traffic, and an old connection that works says nothing about new ones.
    """

    def __init__(self, alias: str, connect: Callable[[str], BaseDatabaseWrapper] = own_connection) -> None:
        self.alias, self._connect = alias, connect

    def __call__(self, timeout: float) -> None:
        """Raise the errors of the driver."""
        with bounded(self._connect(self.alias), timeout) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()


@contextlib.contextmanager
def bounded(connection: BaseDatabaseWrapper, timeout: float) -> Iterator[BaseDatabaseWrapper]:
    """Open ``connection``, whose statements give up after ``timeout`` seconds, and close it at the end.

    Opening it may take twice as long: the login and the statements after it have separate timeouts.
    """
    connection.settings_dict["OPTIONS"].update(_limits(connection.vendor, timeout))

    def statement(execute: Callable[..., Any], *args: Any) -> Any:
        with _cancel_statements_after(connection, timeout):
            return execute(*args)

    try:
        with _cancel_statements_after(connection, 2 * timeout):
            connection.ensure_connection()
        with connection.execute_wrapper(statement):
            yield connection
    finally:
        connection.close()


@contextlib.contextmanager
def _cancel_statements_after(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    """If the block takes longer, shut down the socket of ``connection`` repeatedly until the block ends.

    A server that freezes while its kernel still acknowledges packets is silent forever. No option of a driver ends
    this wait, but shutting down the socket does.
    """
    ended, turn = threading.Event(), threading.Lock()

    def watch() -> None:
        while not ended.wait(seconds):
            with turn:
                if not ended.is_set():
                    _shut(connection)

    threading.Thread(target=watch, name="health-limit", daemon=True).start()
    try:
        yield
    finally:
        # The number of a closed socket may be reused at once.
        with turn:
            ended.set()


def _shut(connection: BaseDatabaseWrapper) -> None:
    # psycopg and mysqlclient have one. SQLite has no server, and other drivers have their own limits, such as the
    # read_timeout of PyMySQL.
    number = getattr(connection.connection, "fileno", None)
    if number is not None:
        with contextlib.suppress(Exception), socket.socket(fileno=os.dup(number())) as sock:
            sock.shutdown(socket.SHUT_RDWR)


def _limits(vendor: str, timeout: float) -> dict[str, Any]:
    seconds = math.ceil(timeout)
    if vendor == "postgresql":
        return {
            "connect_timeout": max(seconds, 2),  # the minimum of libpq
            # Unanswered packets, or an unanswered wait, end the connection and so the thread.
            "tcp_user_timeout": int(timeout * 1000),
            "keepalives": 1,
            "keepalives_idle": seconds,
            "keepalives_interval": 1,
            "keepalives_count": 2,
        }
    if vendor == "mysql":
        return {"connect_timeout": seconds, "read_timeout": seconds, "write_timeout": seconds}
    if vendor == "sqlite":
        return {"timeout": timeout}
    return {}
