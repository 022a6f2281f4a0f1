"""A small project of one app, whose migrations each test writes, and the roles that it starts."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from support import apps
from support.process import Process, environment, run, started

PROJECT = Path(__file__).resolve().parents[1] / "project"
DJANGO = [sys.executable, "-m", "django"]


@dataclass
class Shop:
    """A project with one app of its own, and the database that it migrates."""

    folder: Path
    url: str

    def env(self, **extra: str) -> dict[str, str]:
        defaults = {
            "PYTHONPATH": f"{PROJECT}:{self.folder}",
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "SECRET_KEY": "k" * 25 + "0123456789abcdefghijklmnopq",
            "ALLOWED_HOSTS": "example.com",
            "HTTPS": "false",
            "CELERY_BROKER_URL": "memory://",
            "TEST_APPS": "shop",
            "ROLE": "migrate",
            "DATABASE_URL": self.url,
            "WAIT_SECONDS": "60",
        }
        return environment(**{**defaults, **extra})

    def migrate(self, **extra: str) -> tuple[int, str, str]:
        """Run the role to its end: status, output, errors."""
        done = run([*DJANGO, "k8s_migrate"], self.env(**extra), self.folder, 120)
        return done.returncode, done.stdout, done.stderr

    def started(self, name: str, *args: str, **extra: str) -> contextlib.AbstractContextManager[Process]:
        """Start a command of Django."""
        return started([*DJANGO, *args], self.env(**extra), self.folder, self.folder / f"{name}.log")

    def migrating(self, name: str, **extra: str) -> contextlib.AbstractContextManager[Process]:
        """Start the migrate role."""
        return self.started(name, "k8s_migrate", **extra)

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            return connection.execute(query).fetchall()

    @property
    def applied(self) -> int:
        return len(self.rows("SELECT 1 FROM django_migrations WHERE app = 'shop'"))

    def working_on(self, statement: str) -> bool:
        """Whether a session executes a statement with this text right now."""
        return bool(
            self.rows(
                "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND datname = current_database()"
                f" AND pid <> pg_backend_pid() AND query LIKE '%{statement}%'"
            )
        )

    @contextlib.contextmanager
    def holding(self, *statements: str) -> Iterator[psycopg.Connection]:
        """A session of somebody else, in a transaction that these statements began."""
        with psycopg.connect(self.url, connect_timeout=5) as connection:
            for statement in statements:
                connection.execute(statement)
            yield connection
            connection.rollback()


def thirty() -> list[str]:
    """Thirty migrations, the twentieth of which makes an index while the table is in use."""
    bodies = [apps.table(f"item{number}") for number in range(30)]
    bodies[19] = apps.sql("CREATE INDEX CONCURRENTLY shop_value ON shop_item0 (value)", atomic=False)
    bodies[20] = apps.python("time.sleep(1)")
    return bodies


def five(project: Shop, **extra: str) -> list[str]:
    """Five migrate roles at once; their outputs, when all have ended well."""
    with contextlib.ExitStack() as stack:
        roles = [stack.enter_context(project.migrating(str(number), **extra)) for number in range(5)]
        for role in roles:
            assert role.wait(90) == 0, role.output
        return [role.output for role in roles]
