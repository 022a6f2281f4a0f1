"""Dedicated database connections, outside of the pool that requests share, and around a pooler if the address is known.

Each thread of a health check, a migration or beat's lock opens one, uses it and closes it. They are Django's
database wrappers, so that every database works. But ``django.db.connections`` does not know them, so nothing
else in the process uses, keeps or closes them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend

from django_k8s import conf
from django_k8s.database.keepalives import KEEPALIVES
from django_k8s.environment.connection_urls import encoded

# The server drops a client that has vanished just as fast, even while it works for this client.
_SESSION: dict[str, dict[str, str]] = {
    "postgresql": {
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "client_connection_check_interval": "1000",  # milliseconds
        "idle_session_timeout": "0",
    },
    # A year, the maximum in MySQL: a migration may be silent for hours.
    "mysql": {"wait_timeout": "31536000"},
}


def own_connection(alias: str = DEFAULT_DB_ALIAS) -> BaseDatabaseWrapper:
    """Return a new connection to the database ``alias``, outside of any pool. It is opened when it is first used.

    The caller must close it, in the thread that created it.
    """
    return _wrapper(alias, _unpooled(alias))


def direct_connection(
    alias: str = DEFAULT_DB_ALIAS, *, silence: int = 0, **session: str
) -> BaseDatabaseWrapper:
    """Return a connection like :func:`own_connection`, but to the server itself: DATABASE_DIRECT_URL, if it is set.

    What the session holds, such as an advisory lock, ends with this connection. On PostgreSQL, TCP keepalives
    of both sides end it soon after one of them has vanished. The variables in ``session`` are set
    (``SET name = value``) whenever it is opened.

    On MySQL and MariaDB, ``silence`` replaces the keepalives: the server ends the session after so many seconds
    without a statement, and the client gives up after so many without an answer. Set it only if the caller
    asks more often and every answer is quick.

    Raise ImproperlyConfigured if the settings name a pooler in transaction mode, but no direct address,
    because a session lock would then protect nothing.
    """
    settings = _unpooled(alias)
    if alias == DEFAULT_DB_ALIAS:
        url = conf.current().database_direct_url
        if url:
            settings = _redirected(settings, url)
        elif conf.current().database_pgbouncer:
            raise ImproperlyConfigured(
                "DATABASE_PGBOUNCER is on, but DATABASE_DIRECT_URL is missing: a session lock needs the address of "
                "the database itself, not of the pooler. Set DATABASE_DIRECT_URL to "
                "postgres://user:password@host:5432/name."
            )
    connection = _wrapper(alias, settings)
    if connection.vendor == "postgresql":
        settings["OPTIONS"] = {**KEEPALIVES, **settings["OPTIONS"]}
    limits = _SESSION.get(connection.vendor, {})
    if connection.vendor == "mysql" and silence:
        limits = {"wait_timeout": str(silence)}
        settings["OPTIONS"] = {**settings["OPTIONS"], "read_timeout": silence, "write_timeout": silence}
    _set_when_opened(connection, {**limits, **session})
    return connection


@contextmanager
def use_connection(connection: BaseDatabaseWrapper) -> Iterator[BaseDatabaseWrapper]:
    """Let this thread use ``connection`` for its alias, and close it at the end.

    Querysets and Django's commands look connections up by alias, so they use it.
    """
    former = connections[connection.alias]
    connections[connection.alias] = connection
    try:
        yield connection
    finally:
        connections[connection.alias] = former
        connection.close()


def _wrapper(alias: str, settings: dict[str, Any]) -> BaseDatabaseWrapper:
    wrapper: BaseDatabaseWrapper = load_backend(settings["ENGINE"]).DatabaseWrapper(settings, alias)
    return wrapper


def _set_when_opened(connection: BaseDatabaseWrapper, session: dict[str, str]) -> None:
    """Set the variables of ``session`` each time that ``connection`` is opened."""
    opened = connection.init_connection_state

    def init_connection_state() -> None:
        opened()
        for name, value in session.items():
            # If the server does not know a variable, the others are still set.
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(f"SET {name} = {value}")

    connection.init_connection_state = init_connection_state  # type: ignore[method-assign]


def _unpooled(alias: str) -> dict[str, Any]:
    settings: dict[str, Any] = copy.deepcopy(connections.settings[alias])
    settings["OPTIONS"].pop("pool", None)
    # There is no end of a request here, so only the caller closes the connection.
    return {**settings, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "AUTOCOMMIT": True}


def _redirected(settings: dict[str, Any], url: str) -> dict[str, Any]:
    """Return ``settings`` with the address of ``url``. Options in its query win over those of the settings."""
    from environ import Env as Environ

    try:
        direct = Environ.db_url_config(encoded(url))
    except (ValueError, TypeError, KeyError):
        direct = {}
    if not direct.get("HOST"):
        # Never repeat the parser's message: it quotes the URL with its password.
        raise ImproperlyConfigured(
            "DATABASE_DIRECT_URL cannot be read. Write it as postgres://user:password@host:5432/name."
        )
    address = {key: direct.get(key, "") for key in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    options = {**settings["OPTIONS"], **direct.get("OPTIONS", {})}
    return {**settings, **address, "OPTIONS": options, "DISABLE_SERVER_SIDE_CURSORS": False}
