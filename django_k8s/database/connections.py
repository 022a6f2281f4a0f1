"""Dedicated database connections, which avoid the pool that requests share and, if its address is known, a pooler.

The threads of health checks, migrations and beat's lock each take one, use it and close it. They are
Django's database wrappers, so that every database works, but ``django.db.connections`` does not
know them: nothing else in the process ever uses, keeps or closes them.
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

# The server lets go of a client that vanished as fast, one that is busy for it too.
_SESSION: dict[str, dict[str, str]] = {
    "postgresql": {
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "client_connection_check_interval": "1000",  # milliseconds
        "idle_session_timeout": "0",
    },
    # A year, the longest that MySQL allows: a migration may say nothing for hours.
    "mysql": {"wait_timeout": "31536000"},
}


def own_connection(alias: str = DEFAULT_DB_ALIAS) -> BaseDatabaseWrapper:
    """A new connection to the database ``alias``, outside any pool; it is opened at its first use.

    The caller closes it, in the thread that made it.
    """
    return _wrapper(alias, _unpooled(alias))


def direct_connection(
    alias: str = DEFAULT_DB_ALIAS, *, silence: int = 0, **session: str
) -> BaseDatabaseWrapper:
    """As :func:`own_connection`, but to the server itself: to DATABASE_DIRECT_URL where that is set.

    What a session holds, such as an advisory lock, lasts for as long as this connection and no
    longer; on PostgreSQL, TCP keepalives of both sides end it soon after either has vanished.
    ``session`` are variables that are set (``SET name = value``) whenever it is opened.

    ``silence`` does the same on MySQL and MariaDB: after that many seconds without a statement the server
    ends the session, and after that many without an answer the client gives up. Set it only if the caller
    asks more often and every answer is quick.

    Raises ImproperlyConfigured when the settings name a pooler in transaction mode and no direct address,
    since a session's lock would then hold nothing.
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
    """Make ``connection`` the one that this thread uses for its alias; close it at the end.

    For what looks connections up by alias, as querysets and Django's commands do.
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
            # A server that is too old or too strange for one still does the rest.
            with suppress(DatabaseError), connection.cursor() as cursor:
                cursor.execute(f"SET {name} = {value}")

    connection.init_connection_state = init_connection_state  # type: ignore[method-assign]


def _unpooled(alias: str) -> dict[str, Any]:
    settings: dict[str, Any] = copy.deepcopy(connections.settings[alias])
    settings["OPTIONS"].pop("pool", None)
    # No request ends here, so nothing but the caller closes the connection.
    return {**settings, "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False, "AUTOCOMMIT": True}


def _redirected(settings: dict[str, Any], url: str) -> dict[str, Any]:
    """``settings`` with the address of ``url``; its query's options win over those of the settings."""
    from environ import Env as Environ

    try:
        direct = Environ.db_url_config(encoded(url))
    except (ValueError, TypeError, KeyError):
        direct = {}
    if not direct.get("HOST"):
        # Never the parser's own words, which quote the URL with its password.
        raise ImproperlyConfigured(
            "DATABASE_DIRECT_URL cannot be read. Write it as postgres://user:password@host:5432/name."
        )
    address = {key: direct.get(key, "") for key in ("HOST", "PORT", "NAME", "USER", "PASSWORD")}
    options = {**settings["OPTIONS"], **direct.get("OPTIONS", {})}
    return {**settings, **address, "OPTIONS": options, "DISABLE_SERVER_SIDE_CURSORS": False}
