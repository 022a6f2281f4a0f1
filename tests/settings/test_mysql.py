"""What the database variables do on MySQL and MariaDB, proven on MariaDB."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections
from django.db.utils import load_backend
from support.databases import default_database
from support.https import Certificate, certificate
from support.servers import MariaDB, driver, mariadb

from django_k8s import Env, overlay
from django_k8s import settings as k8s

URL = "mysql://user:secret@database/shop"


def row(query: str) -> tuple[object, ...]:
    with connections["default"].cursor() as cursor:
        cursor.execute(query)
        found: tuple[object, ...] = cursor.fetchone()
        return found


def first(database: dict[str, Any], query: str) -> tuple[Any, ...]:
    """The first row of ``query`` on a new connection to ``database``."""
    settings = {**connections["default"].settings_dict, **database}
    connection = load_backend(database["ENGINE"]).DatabaseWrapper(settings)
    with contextlib.closing(connection), connection.cursor() as cursor:
        cursor.execute(query)
        found: tuple[Any, ...] = cursor.fetchone()
        return found


LIMITS = "SELECT @@lock_wait_timeout, @@innodb_lock_wait_timeout, @@max_statement_time"


@pytest.mark.parametrize(("lock", "statement", "expected"), [("7", "9", (7, 7, 9)), ("7", "0", (7, 7, 0))])
def test_timeouts(mariadb_url: str, lock: str, statement: str, expected: tuple[int, ...]) -> None:
    """Those of locks and of statements are the session's."""
    with default_database(
        mariadb_url, DATABASE_LOCK_TIMEOUT_SECONDS=lock, DATABASE_STATEMENT_TIMEOUT_SECONDS=statement
    ):
        assert row(LIMITS) == expected


@pytest.mark.parametrize("existing", [False, True], ids=["settings", "overlay"])
def test_variables_of_the_project_are_added(mariadb_url: str, existing: bool) -> None:
    """One SET holds the timeouts and the project's variables, which win."""
    own = {"init_command": "SET sql_mode='STRICT_ALL_TABLES', lock_wait_timeout=3"}
    env = Env(environ={"DATABASE_URL": mariadb_url, "DATABASE_LOCK_TIMEOUT_SECONDS": "7"})
    project = {"default": {"ENGINE": "django.db.backends.mysql", "OPTIONS": own}}
    database = overlay.databases(env, project)["default"] if existing else k8s.database(env, OPTIONS=own)

    assert first(database, "SELECT @@sql_mode, @@lock_wait_timeout, @@innodb_lock_wait_timeout") == (
        "STRICT_ALL_TABLES",
        3,
        7,
    )


def test_other_command_of_the_project_replaces_ours(mariadb_url: str) -> None:
    """What cannot be added to a SET is executed as it is."""
    own = {"init_command": "SET SESSION TRANSACTION READ ONLY"}
    database = k8s.database(Env(environ={"DATABASE_URL": mariadb_url}), OPTIONS=own)

    assert first(database, "SELECT @@tx_read_only") == (1,)


def test_timeouts_that_are_off(mariadb_server: MariaDB, mariadb_url: str) -> None:
    """With 0 for both, the session has what the server has."""
    off = {"DATABASE_LOCK_TIMEOUT_SECONDS": "0", "DATABASE_STATEMENT_TIMEOUT_SECONDS": "0"}
    with default_database(mariadb_url, **off):
        assert [row(LIMITS)] == mariadb_server.execute(LIMITS)


def test_statement_that_takes_too_long(mariadb_url: str) -> None:
    """The server ends a statement that takes too long."""
    with (
        default_database(mariadb_url, DATABASE_STATEMENT_TIMEOUT_SECONDS="1"),
        pytest.raises(OperationalError, match="max_statement_time"),
    ):
        row("SELECT COUNT(*) FROM seq_1_to_1000000 a, seq_1_to_1000000 b")


def test_connect_timeout() -> None:
    """It is the driver's option, and options of the URL win."""
    found = k8s.database(Env(environ={"DATABASE_URL": URL, "DATABASE_CONNECT_TIMEOUT_SECONDS": "3"}))
    assert found["OPTIONS"]["connect_timeout"] == 3
    found = k8s.database(Env(environ={"DATABASE_URL": f"{URL}?connect_timeout=9&charset=utf8mb4"}))
    assert (found["OPTIONS"]["connect_timeout"], found["OPTIONS"]["charset"]) == (9, "utf8mb4")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_SSLMODE", "verify-full"),
        ("DATABASE_SSLROOTCERT", "/ca.pem"),
        ("DATABASE_POOL_SIZE", "8"),
        ("DATABASE_PGBOUNCER", "true"),
    ],
)
@pytest.mark.parametrize("existing", [False, True], ids=["settings", "overlay"])
def test_what_is_postgresqls_is_refused(name: str, value: str, existing: bool) -> None:
    """A variable that would silently do nothing, such as the one that asks for TLS, is a mistake."""
    env = Env(environ={"DATABASE_URL": URL, name: value})
    if existing:
        project = {"default": {"ENGINE": "django.db.backends.mysql", "NAME": "shop"}}
        overlay.databases(env, project)
    else:
        k8s.database(env)
    (problem,) = [problem for problem in env.problems if problem.name == name]
    assert "applies to PostgreSQL, and the default database is MySQL or MariaDB." in problem.text


def test_another_alias_may_be_mysql() -> None:
    """Variables of the default database, which is PostgreSQL, are no mistake because of a second one."""
    env = Env(
        environ={
            "DATABASE_URL": "postgres://user:secret@database/shop",
            "LEGACY_DATABASE_URL": URL,
            "DATABASE_SSLMODE": "require",
        }
    )
    k8s.database(env)
    legacy = k8s.database(env, "LEGACY_DATABASE_URL")

    assert not [problem for problem in env.problems if problem.name.startswith("DATABASE")]
    assert "sslmode" not in legacy["OPTIONS"]


def trusting(authority: Certificate) -> dict[str, Any]:
    """OPTIONS of the driver that is installed: mysqlclient does not check a certificate without being told."""
    pymysql = driver().__name__ == "pymysql"
    return {"ssl": {"ca": str(authority.file)}, **({} if pymysql else {"ssl_mode": "VERIFY_IDENTITY"})}


def encrypted(database: dict[str, Any]) -> bool:
    """Whether a connection to ``database`` uses TLS."""
    return bool(first(database, "SHOW STATUS LIKE 'Ssl_cipher'")[1])


def test_tls() -> None:
    """The driver's options check the server's certificate."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stranger = folder / "stranger"
        stranger.mkdir()
        own, other = certificate(folder, "127.0.0.1"), certificate(stranger, "127.0.0.1")
        for path in (folder, own.key):  # the server may be another user's
            path.chmod(0o755)
        with mariadb(f"--ssl-cert={own.file}", f"--ssl-key={own.key}") as server:
            env = Env(environ={"DATABASE_URL": server.create("encrypted")})
            assert encrypted(k8s.database(env, OPTIONS=trusting(own)))
            with pytest.raises(OperationalError, match=r"(?i)certificate|ssl|tls"):
                encrypted(k8s.database(env, OPTIONS=trusting(other)))


def test_server_without_tls(mariadb_url: str, tmp_path: Path) -> None:
    """Who asks for TLS gets no connection without it."""
    database = k8s.database(
        Env(environ={"DATABASE_URL": mariadb_url}), OPTIONS=trusting(certificate(tmp_path, "127.0.0.1"))
    )
    with pytest.raises(OperationalError, match=r"(?i)ssl|tls"):
        encrypted(database)
