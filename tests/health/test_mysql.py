"""The health check of the database, and kept connections, on MariaDB."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from django.core.signals import request_started
from django.db import OperationalError, connections
from support.databases import default_database
from support.patience import patience
from support.process import wait_until
from support.servers import MariaDB, mariadb

from django_k8s.database.connections import own_connection
from django_k8s.health.database import Database, bounded
from django_k8s.health.runner import CheckRunner

SECONDS = 2.0


@pytest.fixture(scope="module")
def frozen() -> Iterator[MariaDB]:
    """A server of this file's own, which a test stops with SIGSTOP."""
    with mariadb() as server:
        yield server


def test_database_answers(mariadb_server: MariaDB, mariadb_url: str) -> None:
    """Each time a connection of its own, closed at the end: twenty leave none."""
    with default_database(mariadb_url):
        for _ in range(20):
            Database("default")(SECONDS)
    name = mariadb_url.rpartition("/")[2]
    left = f"SELECT 1 FROM information_schema.processlist WHERE db = '{name}'"
    wait_until(lambda: not mariadb_server.execute(left), 5, "the end of the connections")


def test_database_that_never_answers() -> None:
    """A port that takes connections and says nothing: the check gives up by itself."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(5)
        began = time.monotonic()
        with (
            default_database(f"mysql://user:secret@127.0.0.1:{listener.getsockname()[1]}/name"),
            pytest.raises(OperationalError),
        ):
            Database("default")(SECONDS)
        assert time.monotonic() - began < patience(2 * SECONDS + 1, below=30)


def test_statement_that_takes_too_long(mariadb_url: str) -> None:
    """It is given up by the client within the timeout."""
    began = time.monotonic()
    with (
        default_database(mariadb_url),
        pytest.raises(OperationalError),
        bounded(own_connection(), 1) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("SELECT SLEEP(60)")
    assert time.monotonic() - began < patience(3, below=60)


def test_server_that_freezes(frozen: MariaDB) -> None:
    """Not ready within the timeout while the server stands still, no thread left, and ready again after it."""
    assert frozen.process
    with default_database(frozen.create("frozen")):
        runner = CheckRunner({"database": Database("default")}, timeout=1, keep=0)
        wait_until(runner.ready, 10, "ready")
        os.kill(frozen.process.pid, signal.SIGSTOP)
        try:
            began = time.monotonic()
            assert not runner.ready()
            assert time.monotonic() - began < patience(1.5)
            wait_until(
                lambda: not [t for t in threading.enumerate() if t.name.startswith("health-")],
                10,
                "no thread",
            )
        finally:
            os.kill(frozen.process.pid, signal.SIGCONT)
        wait_until(runner.ready, 10, "ready again")


def test_kept_connection_that_the_server_ended(mariadb_server: MariaDB, mariadb_url: str) -> None:
    """CONN_MAX_AGE keeps a connection for the next request, and a dead one is replaced before it is used."""

    def session() -> int:
        request_started.send(sender=None)
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT CONNECTION_ID()")
            return int(cursor.fetchone()[0])

    with default_database(mariadb_url, DATABASE_CONN_MAX_AGE="600"):
        first = session()
        assert session() == first
        mariadb_server.execute(f"KILL {first}")
        assert session() != first
