"""Explain failed migrations in the log."""

from __future__ import annotations

import sysconfig
import traceback
from pathlib import Path

import django
from django.core.management.base import CommandError
from django.db import DatabaseError, OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.exceptions import InconsistentMigrationHistory, NodeNotFoundError

from django_k8s.database.read_only import sqlstate

# Directories whose code is not the project's.
_NOT_THE_PROJECT = tuple(
    f"{directory}/"
    for directory in (
        Path(django.__file__).parent,
        Path(__file__).parent.parent,
        sysconfig.get_path("stdlib"),
        sysconfig.get_path("purelib"),
    )
)

# An interrupted CREATE INDEX CONCURRENTLY leaves an invalid index. Exclude indexes that are still being built.
_INVALID = """
    SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT i.indisvalid AND c.relkind = 'i' AND n.nspname <> 'pg_toast'
      AND NOT EXISTS (SELECT 1 FROM pg_stat_progress_create_index p WHERE p.index_relid = i.indexrelid)
    ORDER BY 1
"""


class Failed(Exception):
    """A migration failed. The message says which one, why, and what to do."""


def timed_out(error: BaseException) -> bool:
    """Return whether a statement did not get a lock in time."""
    # lock_not_available in PostgreSQL, ER_LOCK_WAIT_TIMEOUT in MySQL.
    return isinstance(error, OperationalError) and (sqlstate(error) == "55P03" or error.args[:1] == (1205,))


def explain(error: Exception, migration: Migration | None, connection: BaseDatabaseWrapper) -> str:
    """Return the message for :class:`Failed`."""
    if isinstance(error, Failed):
        return str(error)
    what = f"{type(error).__name__}: {error}".strip()
    if isinstance(error, CommandError | InconsistentMigrationHistory | NodeNotFoundError):
        return what
    lines = [f"Migration {migration} failed: {what}" if migration else f"migrate failed: {what}"]
    lines += _project_frames(error)
    if timed_out(error):
        view = "information_schema.innodb_trx" if connection.vendor == "mysql" else "pg_stat_activity"
        lines.append(
            f"A table stayed locked. Look for transactions that stay open ({view}), or raise "
            "MIGRATE_LOCK_TIMEOUT_SECONDS. Until a statement gives up, everybody who needs the table waits for it."
        )
    if migration and not (migration.atomic and connection.features.can_rollback_ddl):
        lines.append("It does not run in one transaction, so it may be partly applied.")
    elif migration:
        lines.append("Nothing of it was applied.")
    return "\n".join([*lines, *invalid_indexes(connection)])


def _project_frames(error: Exception) -> list[str]:
    """Return the part of the traceback that is in the project's own code."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not frame.filename.startswith((*_NOT_THE_PROJECT, "<frozen"))
    ]
    return [line.rstrip() for line in traceback.format_list(frames)]


def invalid_indexes(connection: BaseDatabaseWrapper) -> list[str]:
    """Return a sentence for each index in PostgreSQL whose build did not finish, with what to do."""
    if connection.vendor != "postgresql":
        return []
    try:
        with connection.cursor() as cursor:
            cursor.execute(_INVALID)
            names = [row[0] for row in cursor.fetchall()]
    except DatabaseError:  # the connection itself may have failed
        return []
    return [
        f"The index {name} is invalid: a CREATE INDEX CONCURRENTLY did not finish. "
        f"Run `DROP INDEX CONCURRENTLY {name};`, then migrate again."
        for name in names
    ]
