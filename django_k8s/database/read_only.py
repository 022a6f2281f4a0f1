"""Leave a PostgreSQL server that no longer accepts writes, such as the old primary after a failover.

A health check does not notice this, because ``SELECT 1`` succeeds. So a connection whose write is refused (SQLSTATE
25006) is closed at the end of the request or task, even if it is from a pool. The next one connects again, to
whatever the address leads to by then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.db.backends.signals import connection_created

_REFUSED = "25006"  # read_only_sql_transaction
# After a write was refused, how long connections that report that they are read-only are closed, too.
WATCH_SECONDS = 300.0

_refused: dict[str, float] = {}  # when a write was last refused, by alias

_again: set[int] = set()  # connections that are being opened a second time


def connect() -> None:
    """Watch all connections that this process opens from now on. Calling it again has no effect."""
    connection_created.connect(_opened, dispatch_uid="django_k8s.read_only")


def _opened(sender: Any = None, connection: Any = None, **kwargs: Any) -> None:
    if connection.vendor != "postgresql":
        return
    if _watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(_watch)
    # Connections to a replica that nobody writes to are kept.
    recently = time.monotonic() - _refused.get(connection.alias, -WATCH_SECONDS) < WATCH_SECONDS
    if not (recently and reads_only(connection.connection)):
        return
    leave(connection)
    # A connection of a pool may be old. Replace it once by a new one.
    if getattr(connection, "pool", None) and id(connection) not in _again:
        _again.add(id(connection))
        try:
            connection.close()
            connection.connect()
        finally:
            _again.discard(id(connection))


def _watch(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    try:
        return execute(sql, params, many, context)
    except DatabaseError as error:
        if sqlstate(error) == _REFUSED:
            connection = context["connection"]
            _refused[connection.alias] = time.monotonic()
            leave(connection)
        raise


def sqlstate(error: BaseException) -> str | None:
    """Return the SQLSTATE of a database error of Django."""
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)


def reads_only(session: Any) -> bool:
    """Return whether the server has reported to a session that it is read-only. It does so from PostgreSQL 14 on."""
    status = getattr(getattr(session, "info", None), "parameter_status", None)
    return status is not None and "on" in (status("in_hot_standby"), status("default_transaction_read_only"))


def leave(connection: Any) -> None:
    """Close ``connection`` at the end of the request or task, including its session, even if this is from a pool."""
    session, close = connection.connection, type(connection)._close
    connection.close_at = 0.0

    def close_session() -> None:
        del connection._close
        if connection.connection is session and session is not None:
            session.close()  # the pool considers it broken and opens another one
        close(connection)

    connection._close = close_session
