"""Close database connections before a fork and an exit, and report the statistics of the pools."""

from __future__ import annotations

import contextlib
import sys
from typing import Any


def close_connections() -> None:
    """Close this thread's database connections and the process's connection pools.

    A pool's threads can delay the end of a process by 20 s, and neither a pool nor a connection works on both sides of a
    fork.
    """
    from django.db import connections

    for connection in connections.all():
        with contextlib.suppress(Exception):
            connection.close()
        # Only the backends for Oracle and PostgreSQL have pools and this method.
        close_pool = getattr(connection, "close_pool", None)
        if close_pool:
            with contextlib.suppress(Exception):
                close_pool()


def pool_statistics() -> dict[str, Any]:
    """Return size, available and waiting of this process's psycopg pools as ``pool``, or nothing without a pool."""
    backend: Any = sys.modules.get("django.db.backends.postgresql.base")
    pools = list(backend.DatabaseWrapper._connection_pools.values()) if backend else []
    if not pools:
        return {}
    names = ("pool_size", "pool_available", "requests_waiting")
    every = [pool.get_stats() for pool in pools]
    return {"pool": {name: sum(stats.get(name, 0) for stats in every) for name in names}}
