"""The database has every migration of this code."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from django_k8s.database.connections import own_connection, use_connection
from django_k8s.health.database import bounded
from django_k8s.health.results import Unhealthy


class Migrations:
    """No migration of the installed apps is missing in one database.

    Migrations that the database has and this code does not know are no failure: while a release is
    rolled out, the old one goes on serving.
    """

    once = True  # a database does not lose its migrations

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._applied: frozenset[tuple[str, str]] | None = None
        self._missing: list[str] = []

    def __call__(self, timeout: float) -> None:
        """Raises Unhealthy with the number of missing migrations and the first one's name."""
        with bounded(own_connection(self.alias), timeout) as connection, use_connection(connection):
            missing = self._pending(connection)
        if missing:
            raise Unhealthy(f"{len(missing)} not applied, the first is {missing[0]}")

    def _pending(self, connection: BaseDatabaseWrapper) -> list[str]:
        applied = frozenset(MigrationRecorder(connection).applied_migrations())
        # The plan takes a second of CPU in a large project, and a role that waits asks every second.
        if applied != self._applied:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            self._missing = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
            self._applied = applied
        return self._missing
