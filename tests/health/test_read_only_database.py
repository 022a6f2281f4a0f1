"""A PostgreSQL server that takes no writes any more, as after a failover: its connections are not kept."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.core.signals import request_finished, request_started
from django.db import DatabaseError, connection, transaction
from support.databases import default_database

from django_k8s.database import read_only


@pytest.fixture(params=["kept", "pool"])
def url(request: pytest.FixtureRequest, postgres_url: str) -> Iterator[str]:
    """A database whose connections are kept between requests, in either way."""
    options = {"pool": {"DATABASE_POOL_SIZE": "1"}, "kept": {"DATABASE_CONN_MAX_AGE": "600"}}[request.param]
    read_only.connect()
    with default_database(postgres_url, **options):
        yield postgres_url


def answer(*statements: str) -> tuple[int, str]:
    """Execute statements as one request: the number of its session, and the error."""
    request_started.send(None)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (session,) = cursor.fetchone()
    problem = ""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
    except DatabaseError as error:
        problem = str(error)
    # What follows in the same request still has its connection.
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    request_finished.send(None)
    return session, problem


def writes(url: str, *, on: bool) -> None:
    """Let each new session write or not."""
    with psycopg.connect(url, autocommit=True) as other:
        other.execute("SET default_transaction_read_only = off")
        other.execute(f"ALTER DATABASE {other.info.dbname} SET default_transaction_read_only = {'off' if on else 'on'}")  # fmt: skip


WRITE = "CREATE TABLE IF NOT EXISTS written ()"


def test_a_server_that_refuses_writes_is_left(url: str) -> None:
    """After the refused write the request ends with its session, and the next one, which can write, has another."""
    writes(url, on=False)
    former, problem = answer(WRITE)
    assert "read-only transaction" in problem
    writes(url, on=True)
    session, problem = answer(WRITE)
    assert (session != former, problem) == (True, "")
    assert answer(WRITE) == (session, ""), "a good one is kept"


def test_sessions_that_say_so_are_left_too(url: str) -> None:
    """Once a write was refused, a request that only reads does not keep such a session either."""
    writes(url, on=False)
    answer(WRITE)
    first, _ = answer("SELECT 1")
    writes(url, on=True)
    second, problem = answer(WRITE)
    assert (second != first, problem) == (True, "")


def test_a_replica_is_kept(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A read-only session that nobody writes to is kept."""
    monkeypatch.setattr(read_only, "_refused", {})
    writes(url, on=False)
    assert answer("SELECT 1")[0] == answer("SELECT 1")[0]
