"""Leave a PostgreSQL server that takes no writes any more, such as the old primary of a failover.

A health check does not notice: ``SELECT 1`` succeeds there. So the first write that is refused (SQLSTATE 25006) closes its
connection at the end of the request or task, past any pool, and the next one connects again, to whatever the address
leads to by then.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError
from django.db.backends.signals import connection_created

_REFUSED = "25006"  # read_only_sql_transaction
# How long connections that say themselves that they read only are left too, after a write was refused.
WATCH_SECONDS = 300.0

_refused: dict[str, float] = {}  # when a write was last refused, by alias

_again: set[int] = set()  # connections that are opened a second time at this moment


def connect() -> None:
    """Watch every connection of this process that is opened from now on; may be called again."""
    connection_created.connect(_opened, dispatch_uid="django_k8s.read_only")


def _opened(sender: Any = None, connection: Any = None, **kwargs: Any) -> None:
    if connection.vendor != "postgresql":
        return
    if _watch not in connection.execute_wrappers:
        connection.execute_wrappers.append(_watch)
    # A replica that nobody writes to is never left.
    recently = time.monotonic() - _refused.get(connection.alias, -WATCH_SECONDS) < WATCH_SECONDS
    if not (recently and reads_only(connection.connection)):
        return
    leave(connection)
    # A pool's may have been opened long ago: take one that is opened now, once.
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
    """Return PostgreSQL's code of an error of Django."""
    cause = error.__cause__
    return getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)


def reads_only(session: Any) -> bool:
    """Return whether the server has told a session that it takes no writes; before PostgreSQL 14 it tells nothing."""
    status = getattr(getattr(session, "info", None), "parameter_status", None)
    return status is not None and "on" in (status("in_hot_standby"), status("default_transaction_read_only"))


def leave(connection: Any) -> None:
    """Close ``connection`` at the end of the request or task, and the session with it even if that is a pool's."""
    session, close = connection.connection, type(connection)._close
    connection.close_at = 0.0

    def close_session() -> None:
        del connection._close
        if connection.connection is session and session is not None:
            session.close()  # the pool takes it for broken and opens another one
        close(connection)

    connection._close = close_session
