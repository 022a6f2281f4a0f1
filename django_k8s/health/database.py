"""The database answers, on a connection of its own."""

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
    """One database alias answers ``SELECT 1``.

    A new connection each time, outside the pool: a pool that is empty because the site is busy is
    no reason to send its requests elsewhere, and a connection that still works proves nothing about
    the next one.
    """

    def __init__(self, alias: str, connect: Callable[[str], BaseDatabaseWrapper] = own_connection) -> None:
        self.alias, self._connect = alias, connect

    def __call__(self, timeout: float) -> None:
        """Raises what the driver raises."""
        with bounded(self._connect(self.alias), timeout) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            cursor.fetchone()


@contextlib.contextmanager
def bounded(connection: BaseDatabaseWrapper, timeout: float) -> Iterator[BaseDatabaseWrapper]:
    """Open ``connection``, of which each statement gives up after ``timeout`` seconds; close it at the end.

    Opening it gives up after twice that: the driver has one timeout for the login, what is asked after
    it another.
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
    """Shut the socket of ``connection`` down when the block takes longer, again and again until it ends.

    A server that freezes while its kernel goes on acknowledging is silent forever, and no option of a
    driver ends that wait; a socket that is shut down does.
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
        # The number of a socket that is closed may be another one's at once.
        with turn:
            ended.set()


def _shut(connection: BaseDatabaseWrapper) -> None:
    # psycopg's and mysqlclient's have one. SQLite has no server, and others have limits of their own: PyMySQL
    # keeps to its read_timeout.
    number = getattr(connection.connection, "fileno", None)
    if number is not None:
        with contextlib.suppress(Exception), socket.socket(fileno=os.dup(number())) as sock:
            sock.shutdown(socket.SHUT_RDWR)


def _limits(vendor: str, timeout: float) -> dict[str, Any]:
    seconds = math.ceil(timeout)
    if vendor == "postgresql":
        return {
            "connect_timeout": max(seconds, 2),  # libpq takes no less
            # Unanswered packets, then an unanswered wait, end the connection and with it the thread.
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
