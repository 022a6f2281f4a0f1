"""The database answers, on a connection of its own."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper

from django_k8s.database import own_connection


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
    """Let ``connection``, which is not open yet, give up after about ``timeout`` seconds; close it at the end."""
    connection.settings_dict["OPTIONS"].update(_limits(connection.vendor, timeout))
    try:
        yield connection
    finally:
        connection.close()


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
