"""Database connections and forks: nothing open crosses one, nothing holds an exit."""

from __future__ import annotations

import contextlib


def close_connections() -> None:
    """Close this thread's database connections and the process's connection pools.

    A pool's threads can hold the end of a process for 20 s, and neither pool nor connection works on
    both sides of a fork.
    """
    from django.db import connections

    for connection in connections.all():
        with contextlib.suppress(Exception):
            connection.close()
        # Oracle and PostgreSQL have pools, other backends no such method.
        close_pool = getattr(connection, "close_pool", None)
        if close_pool:
            with contextlib.suppress(Exception):
                close_pool()
