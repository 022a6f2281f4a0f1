"""Migrate one database, in one process at a time.

Everything happens in one session on a direct connection, which holds the lock and runs the statements. So the lock is
held until the server has finished the last statement, even if the process was killed. Nobody migrates while an
abandoned statement still runs.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from django.core.management import call_command
from django.db import DatabaseError, InterfaceError, OperationalError, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor

from django_k8s.database.connections import direct_connection, use_connection
from django_k8s.database.locks import Lock, session_lock
from django_k8s.health.database import Database
from django_k8s.health.wait import WriteLine, is_refusal, wait_until_healthy
from django_k8s.migrate.errors import Failed, explain, invalid_indexes, timed_out

_POLL_SECONDS = 0.5
_REMIND_SECONDS = 15.0
_TRIES = 5


class Refused(Exception):
    """The database server answers, but refuses the user, the password or the name of the database."""


class NotInTime(Exception):
    """The database or the lock was not available within WAIT_SECONDS."""


def migrate(alias: str, wait_seconds: float, lock_seconds: int, say: WriteLine, **options: Any) -> None:
    """Apply every migration that ``alias`` lacks, or wait for another process that applies them.

    ``wait_seconds`` limits the wait for the database, and then the wait for another migrate. ``lock_seconds`` limits
    how long a statement waits for a table that is in use. ``options`` go to Django's migrate. Raise NotInTime,
    Refused, or Failed with what went wrong and what to do.
    """
    with use_connection(direct_connection(alias, silence=0, **_session(alias, lock_seconds))) as connection:
        _await_database(alias, wait_seconds, say)
        lock = session_lock(connection, "migrate")
        _await_lock(lock, connection, wait_seconds, say)
        try:
            with connection.execute_wrapper(Statements(connection, lock, say)):
                _apply(connection, say, options)
            for index in invalid_indexes(connection):
                say(f"warning: {index}")
        finally:
            lock.release()


def _session(alias: str, lock_seconds: int) -> dict[str, str]:
    vendor = connections[alias].vendor
    if vendor == "postgresql":
        return {
            "lock_timeout": f"'{lock_seconds}s'",
            "statement_timeout": "0",
            "idle_in_transaction_session_timeout": "0",
        }
    if vendor == "mysql":
        return {
            "lock_wait_timeout": str(lock_seconds),  # for a table
            "innodb_lock_wait_timeout": str(lock_seconds),  # for a row
            # The first is for MariaDB, the second for MySQL. A server skips the one that it does not know.
            "max_statement_time": "0",
            "max_execution_time": "0",
        }
    return {}


def _await_database(alias: str, seconds: float, say: WriteLine) -> None:
    name = f"database {alias}"
    missing = wait_until_healthy({name: Database(alias, direct_connection)}, seconds, say)
    if missing and is_refusal(missing[0]):
        raise Refused(
            f"The {name} refuses the login: {missing[0].detail}. Correct the address, user or password."
        )
    if missing:
        raise NotInTime(f"The {name} did not answer within {seconds:g} s: {missing[0].detail}")


def _await_lock(lock: Lock, connection: BaseDatabaseWrapper, seconds: float, say: WriteLine) -> None:
    """Wait for the lock, and also for a database that restarts meanwhile."""
    began = time.monotonic()
    while True:
        try:
            _await_turn(lock, began, seconds, say)
            return
        except (OperationalError, InterfaceError) as error:
            say(f"the database was lost while waiting for the lock ({type(error).__name__})")
            with contextlib.suppress(DatabaseError, InterfaceError):
                connection.close()
            time.sleep(_POLL_SECONDS)
            _await_database(connection.alias, max(1.0, began + seconds - time.monotonic()), say)


def _await_turn(lock: Lock, began: float, seconds: float, say: WriteLine) -> None:
    said = began
    while not lock.acquire():
        now = time.monotonic()
        if now - began > seconds:
            raise NotInTime(f"Another migrate is still at work after {seconds:g} s.")
        if said == began or now - said > _REMIND_SECONDS:
            say(f"another migrate is at work, waiting for it ({now - began:.0f} s)")
            said = now
        time.sleep(_POLL_SECONDS)


def _apply(connection: BaseDatabaseWrapper, say: WriteLine, options: dict[str, Any]) -> None:
    """Run Django's migrate. Repeat it if an atomic migration did not get its table within the lock timeout."""
    for attempt in range(1, _TRIES + 1):
        try:
            call_command("migrate", database=connection.alias, interactive=False, **options)
            return
        except Exception as error:
            migration = _next(connection)
            if attempt < _TRIES and timed_out(error) and _rolls_back(connection, migration):
                say(
                    f"a table is in use; nothing of {migration} was applied, trying again ({attempt} of {_TRIES})"
                )
                time.sleep(attempt)
                continue
            raise Failed(explain(error, migration, connection)) from error


def _next(connection: BaseDatabaseWrapper) -> Migration | None:
    """Return the first migration that is not applied: this one failed."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Exception:  # the same error may occur here again
        return None
    return plan[0][0] if plan else None


def _rolls_back(connection: BaseDatabaseWrapper, migration: Migration | None) -> bool:
    """Return whether a failure rolls back all of ``migration``."""
    return migration is None or bool(migration.atomic and connection.features.can_rollback_ddl)


class Statements:
    """Wrap every statement that the migration runs.

    Outside a transaction, a statement that did not get its lock is tried again, because nothing else is lost with it.
    A CONCURRENTLY statement has no timeout: it waits for other transactions without blocking anybody, and a timeout
    would leave an invalid index behind. A session that was opened again continues only with the lock.
    """

    def __init__(self, connection: BaseDatabaseWrapper, lock: Lock, say: WriteLine) -> None:
        self._connection, self._lock, self._say = connection, lock, say
        self._session = connection.connection

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
    ) -> Any:
        """Execute one statement."""
        self._keep_lock()
        if self._connection.in_atomic_block:
            return execute(sql, params, many, context)
        if self._connection.vendor == "postgresql" and "CONCURRENTLY" in str(sql)[:500].upper():
            return self._patient(lambda: execute(sql, params, many, context))
        for attempt in range(1, _TRIES):
            try:
                return execute(sql, params, many, context)
            except DatabaseError as error:
                if not timed_out(error):
                    raise
                self._say(f"a table is in use, trying again ({attempt} of {_TRIES})")
                time.sleep(attempt)
        return execute(sql, params, many, context)

    def _keep_lock(self) -> None:
        if self._connection.connection is not self._session:
            self._session = self._connection.connection
            if not self._lock.acquire():
                raise Failed("The connection was lost, and another migrate has started meanwhile.")

    def _patient(self, execute: Callable[[], Any]) -> Any:
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('lock_timeout')")
            (usual,) = cursor.fetchone()
            cursor.execute("SET lock_timeout = 0")
            try:
                return execute()
            finally:
                # A broken session has no setting, and the error that broke it is the one to report.
                with contextlib.suppress(DatabaseError, InterfaceError):
                    cursor.execute(f"SET lock_timeout = '{usual}'")
