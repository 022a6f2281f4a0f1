"""Locks and the migrate role on MariaDB: what differs from PostgreSQL."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import OperationalError
from support import apps
from support.configured import configured
from support.databases import default_database
from support.process import wait_until
from support.servers import MariaDB
from support.shop import Shop

from django_k8s.database.connections import direct_connection
from django_k8s.database.locks import session_lock
from django_k8s.migrate.errors import explain, timed_out


@pytest.fixture
def shop(tmp_path: Path, mariadb_url: str) -> Shop:
    """A project with one table, which is there."""
    apps.app(tmp_path, "shop", apps.table("item"))
    project = Shop(tmp_path, mariadb_url)
    assert project.migrate()[0] == 0
    return project


@contextlib.contextmanager
def holding(server: MariaDB, database: str, *statements: str) -> Iterator[None]:
    """A session of somebody else, in a transaction that these statements began."""
    with contextlib.closing(server.connect(database)) as connection:
        cursor = connection.cursor()
        for statement in ("BEGIN", *statements):
            cursor.execute(statement)
        yield


def applied(server: MariaDB, project: Shop) -> int:
    """How many migrations of the project are recorded."""
    database = project.url.rpartition("/")[2]
    return len(server.execute("SELECT 1 FROM django_migrations WHERE app = 'shop'", database))


def test_lock_belongs_to_the_database(mariadb_server: MariaDB, mariadb_url: str) -> None:
    """GET_LOCK's names are those of the whole server, but two databases are not in each other's way."""
    other_url = mariadb_server.create(f"{mariadb_url.rpartition('/')[2]}_other")
    with default_database(mariadb_url):
        ours = session_lock(direct_connection(), "test")
        assert ours.acquire()
    with default_database(other_url):
        theirs = session_lock(direct_connection(), "test")
        assert theirs.acquire()
        theirs.release()
    ours.release()


def test_long_names_are_different_locks(mariadb_url: str) -> None:
    """MySQL refuses a name of more than 64 characters, and two long names must not become one."""
    with default_database(mariadb_url):
        connections = [direct_connection() for _ in range(3)]
        one, two, again = (
            session_lock(connection, f"{'long' * 20}{end}")
            for connection, end in zip(connections, ("1", "2", "1"), strict=True)
        )
        assert one.acquire()
        assert two.acquire()
        assert not again.acquire()
        assert all(len(str(lock.key())) <= 64 for lock in (one, two))  # type: ignore[attr-defined]
        for connection in connections:
            connection.close()


def test_lock_of_a_lost_session_is_not_held(mariadb_server: MariaDB, mariadb_url: str) -> None:
    """When the server ends the session, held() says so and does not raise."""
    with default_database(mariadb_url):
        connection = direct_connection()
        lock = session_lock(connection, "test")
        assert lock.acquire()
        mariadb_server.execute(f"KILL {connection.connection.thread_id()}")
        assert not lock.held()
        lock.release()


def test_silent_holder_loses_the_lock(mariadb_url: str) -> None:
    """A node that vanished says nothing any more: its session ends, and the lock is free."""
    with default_database(mariadb_url):
        silent, other = direct_connection(silence=1), direct_connection()
        lock, heir = session_lock(silent, "test"), session_lock(other, "test")
        assert lock.acquire()
        assert not heir.acquire()
        wait_until(heir.acquire, 10, "the lock of the silent session")
        assert not lock.held()
        other.close()


def test_migrating_session_may_be_silent(mariadb_url: str) -> None:
    """No timeout of the server or of requests ends a session that works on something else for hours."""
    timeouts = {"DATABASE_LOCK_TIMEOUT_SECONDS": "7", "DATABASE_STATEMENT_TIMEOUT_SECONDS": "8"}
    with default_database(mariadb_url, **timeouts):
        connection = direct_connection(lock_wait_timeout="3", max_statement_time="0", no_such_variable="1")
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@wait_timeout, @@lock_wait_timeout, @@max_statement_time")
            assert cursor.fetchone() == (31536000, 3, 0)
        connection.close()


def test_direct_connection_goes_past_a_proxy(mariadb_url: str) -> None:
    """With DATABASE_DIRECT_URL the session is on the server it names."""
    with (
        default_database("mysql://user:wrong@127.0.0.1:1/proxied"),
        configured(database_direct_url=mariadb_url),
    ):
        connection = direct_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT DATABASE()")
            assert mariadb_url.endswith(cursor.fetchone()[0])
        connection.close()


def test_two_at_once(mariadb_server: MariaDB, shop: Shop) -> None:
    """One applies, the other waits and exits 0."""
    apps.add(shop.folder, "shop", *(apps.table(f"item{number}") for number in range(3)))
    apps.add(shop.folder, "shop", apps.python("time.sleep(2)"))
    with shop.migrating("one") as one, shop.migrating("two") as two:
        assert (one.wait(60), two.wait(60)) == (0, 0), one.output + two.output

    assert sorted(role.output.count("Applying shop.") for role in (one, two)) == [0, 4]
    assert sum("another migrate is at work" in role.output for role in (one, two)) == 1
    assert applied(mariadb_server, shop) == 5


def test_killed_migrate_is_followed_by_the_one_that_waits(mariadb_server: MariaDB, shop: Shop) -> None:
    """kill -9 of the one that applies frees the lock at once."""
    slow = """
        from pathlib import Path
        if not Path("again").exists():
            Path("again").touch()
            time.sleep(600)
    """
    apps.add(shop.folder, "shop", apps.python(slow))
    with shop.migrating("killed") as killed:
        wait_until((shop.folder / "again").exists, 20, "the migration that sleeps")
        with shop.migrating("heir") as heir:
            heir.wait_for_output("another migrate is at work")
            killed.signal(signal.SIGKILL)
            assert heir.wait(20) == 0, heir.output
    assert applied(mariadb_server, shop) == 2


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        ("SELECT * FROM shop_item", "ALTER TABLE shop_item ADD COLUMN more int"),
        ("UPDATE shop_item SET value = 2", "UPDATE shop_item SET value = 3"),
    ],
    ids=["table", "row"],
)
def test_table_in_use_is_waited_for(mariadb_server: MariaDB, shop: Shop, held: str, wanted: str) -> None:
    """A statement gives up after the lock timeout, so that readers do not queue behind it, and comes again."""
    database = shop.url.rpartition("/")[2]
    mariadb_server.execute("INSERT INTO shop_item (id, value) VALUES (1, 1)", database)
    apps.add(shop.folder, "shop", apps.sql(wanted))
    limits = {
        "MIGRATE_LOCK_TIMEOUT_SECONDS": "1",
        "DATABASE_LOCK_TIMEOUT_SECONDS": "3600",
        "STALL_SECONDS": "0",
    }
    with shop.migrating("waiting", **limits) as role:
        with holding(mariadb_server, database, held):
            role.wait_for_output("a table is in use, trying again (1 of 5)")
        assert role.wait(30) == 0, role.output
    assert applied(mariadb_server, shop) == 2


def test_table_that_stays_in_use(mariadb_server: MariaDB, shop: Shop) -> None:
    """The message names MySQL's list of open transactions, and the variable."""
    database = shop.url.rpartition("/")[2]
    with default_database(shop.url), holding(mariadb_server, database, "SELECT * FROM shop_item"):
        connection = direct_connection(lock_wait_timeout="1")
        with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
            cursor.execute("ALTER TABLE shop_item ADD COLUMN more int")
        assert timed_out(caught.value)
        text = explain(caught.value, None, connection)
        connection.close()
    assert "information_schema.innodb_trx" in text
    assert "MIGRATE_LOCK_TIMEOUT_SECONDS" in text


def test_failure_may_leave_a_part(shop: Shop) -> None:
    """MySQL takes no change of a table back, and the message says so."""
    half = (
        'operations = [migrations.RunSQL("CREATE TABLE half (id int)"), migrations.RunSQL("SELECT nothing")]'
    )
    apps.add(shop.folder, "shop", half)
    status, _, errors = shop.migrate()

    assert status == 1
    assert "Migration shop.0002_m failed: OperationalError" in errors
    assert "It does not run in one transaction, so it may be partly applied." in errors
    assert "Traceback" not in errors
