"""Connections of one's own, and the locks that such a session holds."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connections
from support import servers
from support.configured import configured
from support.databases import default_database
from support.process import environment, wait_until
from support.web import PROJECT

from django_k8s.database.connections import direct_connection, own_connection, use_connection
from django_k8s.database.locks import session_lock


@pytest.fixture(params=["postgresql", "mariadb", "sqlite"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database of each kind, which is the default one here."""
    fixtures = {"postgresql": "postgres_url", "mariadb": "mariadb_url"}
    url = (
        request.getfixturevalue(fixtures[request.param])
        if request.param in fixtures
        else f"sqlite:///{tmp_path}/db.sqlite3"
    )
    with default_database(url):
        yield url


def test_one_session_holds_the_lock(database: str) -> None:
    """A second session gets the lock only when the first has given it back."""
    first, second = direct_connection(), direct_connection()
    ours, theirs = session_lock(first, "test"), session_lock(second, "test")

    assert ours.acquire()
    assert ours.held()
    assert not theirs.acquire()
    assert not theirs.held()
    assert session_lock(second, "other").acquire()
    ours.release()
    assert not ours.held()
    wait_until(theirs.acquire, 3, "the lock that was given back")
    theirs.release()
    first.close()
    second.close()
    assert database.startswith("sqlite") or not theirs.held()


HOLDER = """
import time
import django
django.setup()
from django_k8s.database.connections import direct_connection
from django_k8s.database.locks import session_lock
connection = direct_connection()
assert session_lock(connection, "test").acquire()
print("held", flush=True)
time.sleep(600)
"""


def test_killed_holder_frees_the_lock(database: str, tmp_path: Path) -> None:
    """After kill -9 the lock is free at once: nothing has to expire."""
    env = environment(
        PYTHONPATH=str(PROJECT),
        DJANGO_SETTINGS_MODULE="project.settings",
        DEBUG="true",
        DATABASE_URL=database,
    )
    connection = direct_connection()
    lock = session_lock(connection, "test")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER], env=env, cwd=tmp_path, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert not lock.acquire()
        holder.send_signal(signal.SIGKILL)
        wait_until(lock.acquire, 3, "the lock of the killed process")
    lock.release()
    connection.close()


def test_lock_of_a_lost_session_is_not_held(postgres_url: str) -> None:
    """When the server ends the session, held() says so and does not raise."""
    with default_database(postgres_url):
        connection, other = direct_connection(), direct_connection()
        lock = session_lock(connection, "test")
        assert lock.acquire()
        with other.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        assert not lock.held()
        lock.release()
        connection.close()
        other.close()


CONTENDER = """
import os
import sys
import django
django.setup()
from django_k8s.database.connections import direct_connection
from django_k8s.database.locks import session_lock
lock = session_lock(direct_connection(), "test")
held = 0
while held < 300:
    if lock.acquire():
        os.close(os.open(sys.argv[1], os.O_CREAT | os.O_EXCL))  # fails if another process holds the lock too
        os.unlink(sys.argv[1])
        lock.release()
        held += 1
"""


def test_removed_lock_file_lets_nobody_in(tmp_path: Path) -> None:
    """The lock of SQLite leaves no file behind, and processes that meet while it is removed exclude each other."""
    env = environment(
        PYTHONPATH=str(PROJECT),
        DJANGO_SETTINGS_MODULE="project.settings",
        DEBUG="true",
        DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3",
    )
    command = [sys.executable, "-c", CONTENDER, str(tmp_path / "held")]
    contenders = [
        subprocess.Popen(command, env=env, cwd=tmp_path, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for contender in contenders:
        errors = contender.communicate()[1]
        assert contender.returncode == 0, errors

    assert list(tmp_path.glob("*.lock")) == []


def test_database_in_memory_needs_no_lock() -> None:
    """Nobody else can reach a database in memory."""
    with default_database("sqlite://:memory:"):
        lock = session_lock(own_connection(), "test")

        assert lock.acquire()


def test_other_databases_have_no_lock(caplog: pytest.LogCaptureFixture) -> None:
    """Where there is no lock of a session, migrations still run, and a warning says what that means."""
    connection = own_connection()
    connection.vendor = "oracle"
    lock = session_lock(connection, "test")

    assert lock.acquire()
    assert lock.held()
    lock.release()
    assert caplog.messages == ["test: there is no session lock on oracle; run only one process at a time"]


def test_own_connection_is_outside_the_pool(postgres_url: str) -> None:
    """Our own and the direct connection do not use the pool, and do not change the settings."""
    with default_database(postgres_url, DATABASE_POOL_SIZE="8"):
        assert "pool" in connections.settings["default"]["OPTIONS"]
        for connection in (own_connection(), direct_connection()):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            assert "pool" not in connection.settings_dict["OPTIONS"]
            connection.close()
        assert "pool" in connections.settings["default"]["OPTIONS"]
        assert "default" not in getattr(type(connection), "_connection_pools", {})


def test_direct_connection_goes_past_the_pooler(postgres_server: servers.Postgres, postgres_url: str) -> None:
    """With DATABASE_DIRECT_URL the session is on the server it names, with keepalives on both sides."""
    pooler = "postgres://user:wrong@127.0.0.1:1/pooled"
    with (
        default_database(pooler, DATABASE_PGBOUNCER="true"),
        configured(database_direct_url=postgres_url, database_pgbouncer=True),
    ):
        connection = direct_connection(lock_timeout="'7s'")
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_database()")
            assert postgres_url.endswith(cursor.fetchone()[0])
            for name, value in (
                ("tcp_keepalives_idle", "10"),
                ("lock_timeout", "7s"),
                ("client_connection_check_interval", "1s"),
            ):
                cursor.execute(f"SHOW {name}")
                assert cursor.fetchone() == (value,)
        assert connection.connection.info.get_parameters()["keepalives_idle"] == "10"
        connection.close()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("", "DATABASE_DIRECT_URL is missing"),
        ("nonsense://user:s3cret@/x", "DATABASE_DIRECT_URL cannot be read"),
        ("postgres://user:s3cret@host:port/x", "DATABASE_DIRECT_URL cannot be read"),
    ],
)
def test_pooler_without_direct_address_is_refused(url: str, expected: str) -> None:
    """A session lock behind a pooler in transaction mode holds nothing, so nobody gets one."""
    with (
        configured(database_direct_url=url, database_pgbouncer=True),
        pytest.raises(ImproperlyConfigured, match=expected) as caught,
    ):
        direct_connection()
    assert "s3cret" not in str(caught.value)


def test_installed_connection_is_used_by_alias(postgres_url: str) -> None:
    """Inside the block the alias is this connection, after it the former one."""
    with default_database(postgres_url):
        former = connections["default"]
        with use_connection(own_connection()) as connection:
            assert connections["default"] is connection
            connection.ensure_connection()
        assert connections["default"] is former
        assert connection.connection is None
