"""A project with psycopg2 instead of psycopg: what the library does with PostgreSQL works the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from support.process import environment, run

PROJECT = Path(__file__).resolve().parent.parent / "project"
CODE = """
import sys
import django
django.setup()
from django.core.management import call_command
from django.db import connection
from django_k8s.database.connections import direct_connection
from django_k8s.health import make_checks
from django_k8s.health.runner import CheckRunner
from django_k8s.database.locks import session_lock

lock, other = (session_lock(direct_connection(), "test") for _ in range(2))
with connection.cursor() as cursor:
    cursor.execute("SHOW statement_timeout")
    timeout = cursor.fetchone()[0]
call_command("k8s_migrate", verbosity=0)
report = CheckRunner(make_checks(["database", "migrations"]), timeout=5, keep=1).report()
print(lock.acquire(), other.acquire(), timeout, report.ready, "psycopg2" in sys.modules)
"""


@pytest.fixture
def without_psycopg(tmp_path: Path) -> str:
    """A directory that hides psycopg and its pool from every interpreter that has it on its path."""
    hidden = "import sys\nsys.modules['psycopg'] = sys.modules['psycopg_pool'] = None\n"
    (tmp_path / "sitecustomize.py").write_text(hidden)
    return str(tmp_path)


def test_database_locks_and_migrations(postgres_url: str, without_psycopg: str) -> None:
    """The session's timeouts hold, one session has the lock, migrations run, and the checks answer."""
    env = environment(
        DATABASE_URL=postgres_url, DEBUG="true", DJANGO_SETTINGS_MODULE="project.settings",
        PYTHONPATH=f"{without_psycopg}:{PROJECT}", CELERY_BROKER_URL="memory://",
    )  # fmt: skip
    done = run([sys.executable, "-c", CODE], env, PROJECT)

    assert done.stdout.splitlines()[-1:] == ["True False 5min True True"], done.stdout + done.stderr


def test_a_pool_needs_psycopg(postgres_url: str, without_psycopg: str) -> None:
    """A pool with psycopg2 is a clear error, because Django supports pools only with psycopg 3."""
    env = environment(
        DATABASE_URL=postgres_url, DEBUG="true", DJANGO_SETTINGS_MODULE="project.settings",
        DATABASE_POOL_SIZE="16", PYTHONPATH=f"{without_psycopg}:{PROJECT}", CELERY_BROKER_URL="memory://",
    )  # fmt: skip
    done = run([sys.executable, "-c", "import django; django.setup()"], env, PROJECT)

    assert done.returncode == 78, done.stderr
    assert "DATABASE_POOL_SIZE: needs psycopg 3" in done.stderr
