"""Database connections and forks: nothing open crosses one, nothing holds an exit."""

from __future__ import annotations

import contextlib
import sys
from typing import Any


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


def pool_statistics() -> dict[str, Any]:
    """``pool``: size, available and waiting of the process's psycopg pools; nothing where there is none."""
    backend: Any = sys.modules.get("django.db.backends.postgresql.base")
    pools = list(backend.DatabaseWrapper._connection_pools.values()) if backend else []
    if not pools:
        return {}
    names = ("pool_size", "pool_available", "requests_waiting")
    every = [pool.get_stats() for pool in pools]
    return {"pool": {name: sum(stats.get(name, 0) for stats in every) for name in names}}
