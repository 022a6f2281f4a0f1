"""Health check: the database has every migration of this code."""

from __future__ import annotations

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from django_k8s.database.connections import own_connection, use_connection
from django_k8s.health.database import bounded
from django_k8s.health.results import Unhealthy


class Migrations:
    """A check that passes if one database has every migration of the installed apps.

    Migrations that this code does not know are not a failure: while a release is rolled out, the old one keeps
    serving.
    """

    once = True  # a database does not lose its migrations

    def __init__(self, alias: str) -> None:
        self.alias = alias
        self._applied: frozenset[tuple[str, str]] | None = None
        self._missing: list[str] = []

    def __call__(self, timeout: float) -> None:
        """Raise Unhealthy with the number of missing migrations and the name of the first."""
        with bounded(own_connection(self.alias), timeout) as connection, use_connection(connection):
            missing = self._pending(connection)
        if missing:
            raise Unhealthy(f"{len(missing)} not applied, the first is {missing[0]}")

    def _pending(self, connection: BaseDatabaseWrapper) -> list[str]:
        applied = frozenset(MigrationRecorder(connection).applied_migrations())
        # In a large project, the plan takes a second of CPU, and a waiting role asks every second.
        if applied != self._applied:
            executor = MigrationExecutor(connection)
            plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
            self._missing = [f"{migration.app_label}.{migration.name}" for migration, _ in plan]
            self._applied = applied
        return self._missing
