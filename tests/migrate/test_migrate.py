"""The migrate role: one migrates, all others wait, and nothing that dies is in the way of the next."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from support import apps, servers
from support.databases import default_database
from support.patience import patience
from support.ports import free_port
from support.process import wait_until
from support.shop import Shop, five, thirty

from django_k8s.database.connections import own_connection
from django_k8s.database.locks import AdvisoryLock


def test_five_at_once_on_postgresql(shop: Callable[..., Shop]) -> None:
    """One applies thirty migrations, an index built CONCURRENTLY among them; four wait and exit 0."""
    project = shop(*thirty())
    outputs = five(project)

    assert sorted(output.count("Applying shop.") for output in outputs) == [0, 0, 0, 0, 30]
    assert sum("No migrations to apply" in output for output in outputs) == 4
    assert sum("another migrate is at work" in output for output in outputs) == 4
    assert project.applied == 30
    assert project.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'shop_value'::regclass") == [
        (True,)
    ]


def test_five_at_once_on_sqlite(shop: Callable[..., Shop], tmp_path: Path) -> None:
    """SQLite has a lock too: a file beside the database."""
    bodies = [*(apps.table(f"item{number}") for number in range(5)), apps.python("time.sleep(1)")]
    project = shop(*bodies, url=f"sqlite:///{tmp_path}/db.sqlite3")
    outputs = five(project)

    assert sorted(output.count("Applying shop.") for output in outputs) == [0, 0, 0, 0, 6]


# Leaves a table half way, then sleeps in the server, the first time that it runs.
HALF_WAY = apps.python("""
    from pathlib import Path
    schema_editor.execute("CREATE TABLE half_way (id int)")
    if not Path("again").exists():
        Path("again").touch()
        schema_editor.execute("SELECT pg_sleep(30)")
""")

CONCURRENTLY = apps.sql("CREATE INDEX CONCURRENTLY shop_value ON shop_item (value)", atomic=False)


def test_killed_in_a_transactional_migration(shop: Callable[..., Shop]) -> None:
    """kill -9 of the one that applies: its migration is taken back, and one that waits finishes."""
    project = shop(apps.table("item"), HALF_WAY, apps.table("last"))
    with project.migrating("first") as first, project.migrating("second") as second:
        wait_until(lambda: project.working_on("pg_sleep"), 20, "the second migration")
        applying, waiting = (first, second) if "Applying" in first.output else (second, first)
        waiting.wait_for_output("another migrate is at work")
        applying.signal(signal.SIGKILL)
        # The server would go on sleeping, with the lock: it notices within a second or two.
        wait_until(lambda: "Applying shop.0002" in waiting.output, 10, "the turn of the one that waits")
        assert waiting.wait(30) == 0, waiting.output
    assert project.applied == 3
    assert "Applying shop.0001" not in waiting.output
    assert project.rows("SELECT count(*) FROM half_way") == [(0,)]


def test_killed_while_an_index_is_built(shop: Callable[..., Shop]) -> None:
    """kill -9 in CREATE INDEX CONCURRENTLY: the next run names the invalid index and what to do about it."""
    project = shop(apps.table("item"))
    assert project.migrate()[0] == 0
    apps.add(project.folder, "shop", CONCURRENTLY)
    with (
        project.holding("INSERT INTO shop_item (id, value) VALUES (1, 1)"),
        project.migrating("killed") as killed,
    ):
        wait_until(lambda: project.working_on("CREATE INDEX CONCURRENTLY"), 20, "the index")
        killed.signal(signal.SIGKILL)
        wait_until(lambda: not project.working_on("CREATE INDEX CONCURRENTLY"), 10, "the end of the orphan")

    status, _, errors = project.migrate()
    assert status == 1
    assert "shop.0002_m failed" in errors
    assert "The index public.shop_value is invalid" in errors
    remedy = "DROP INDEX CONCURRENTLY public.shop_value;"
    assert f"Run `{remedy}`, then migrate again." in errors
    assert "Traceback" not in errors

    with psycopg.connect(project.url, autocommit=True) as connection:
        connection.execute(remedy)
    assert project.migrate()[0] == 0
    assert project.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'shop_value'::regclass") == [
        (True,)
    ]


def test_invalid_index_is_reported_after_success_too(shop: Callable[..., Shop]) -> None:
    """IF NOT EXISTS passes over an invalid index in silence; the role does not."""
    project = shop(apps.table("item"))
    assert project.migrate()[0] == 0
    with psycopg.connect(project.url, autocommit=True) as connection:
        connection.execute("INSERT INTO shop_item (id, value) VALUES (1, 1), (2, 1)")
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY shop_value ON shop_item (value)")

    status, output, _ = project.migrate()
    assert status == 0
    assert "warning: The index public.shop_value is invalid" in output


def test_atomic_migration_waits_for_its_table(shop: Callable[..., Shop]) -> None:
    """A statement gives up after the lock timeout, so that readers do not queue behind it, and comes again."""
    project = shop(apps.table("item"))
    assert project.migrate()[0] == 0
    apps.add(project.folder, "shop", apps.sql("ALTER TABLE shop_item ADD COLUMN more int"))
    with (
        project.holding("SELECT * FROM shop_item"),
        project.migrating("altering", MIGRATE_LOCK_TIMEOUT_SECONDS="1") as altering,
    ):
        altering.wait_for_output(
            "a table is in use; nothing of shop.0002_m was applied, trying again (1 of 5)"
        )
        # Between two tries the table is free for readers.
        wait_until(lambda: not project.working_on("ALTER TABLE"), 5, "a pause")
        assert project.rows("SELECT count(*) FROM shop_item") == [(0,)]
        altering.wait_for_output("trying again (2 of 5)")
    # The role was killed with its context: what counts is that a free table ends the tries.
    with (
        project.holding("SELECT * FROM shop_item") as reader,
        project.migrating("again", MIGRATE_LOCK_TIMEOUT_SECONDS="1") as again,
    ):
        again.wait_for_output("trying again (1 of 5)")
        reader.rollback()
        assert again.wait(30) == 0, again.output
    assert project.applied == 2


def test_statement_outside_a_transaction_is_tried_again(shop: Callable[..., Shop]) -> None:
    """What a migration without a transaction has done already is not done twice."""
    project = shop(apps.table("item"))
    assert project.migrate()[0] == 0
    two = apps.python(
        """
        schema_editor.execute("CREATE TABLE once (id int)")
        schema_editor.execute("ALTER TABLE shop_item ADD COLUMN more int")
        """,
        atomic=False,
    )
    apps.add(project.folder, "shop", two)
    with (
        project.holding("SELECT * FROM shop_item") as reader,
        project.migrating("altering", MIGRATE_LOCK_TIMEOUT_SECONDS="1") as altering,
    ):
        altering.wait_for_output("a table is in use, trying again (1 of 5)")
        reader.rollback()
        assert altering.wait(30) == 0, altering.output
    assert project.applied == 2


def test_table_that_stays_in_use(shop: Callable[..., Shop]) -> None:
    """After five tries the role ends with one message that names the migration."""
    project = shop(apps.table("item"))
    assert project.migrate()[0] == 0
    apps.add(project.folder, "shop", apps.sql("ALTER TABLE shop_item ADD COLUMN more int"))
    with project.holding("SELECT * FROM shop_item"):
        status, output, errors = project.migrate(MIGRATE_LOCK_TIMEOUT_SECONDS="1")

    assert status == 1
    assert output.count("trying again") == 4
    assert "shop.0002_m failed" in errors
    assert "lock timeout" in errors
    assert "MIGRATE_LOCK_TIMEOUT_SECONDS" in errors
    assert "Nothing of it was applied." in errors


def test_index_waits_longer_than_the_lock_timeout(shop: Callable[..., Shop]) -> None:
    """CREATE INDEX CONCURRENTLY waits for open transactions without harm; giving up would leave an invalid index."""
    project = shop(apps.table("item"))
    assert project.migrate()[0] == 0
    restored = apps.python(
        """
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("1s",)
        """
    )
    apps.add(project.folder, "shop", CONCURRENTLY, restored)
    with (
        project.holding("INSERT INTO shop_item (id, value) VALUES (1, 1)") as writer,
        project.migrating("index", MIGRATE_LOCK_TIMEOUT_SECONDS="1") as role,
    ):
        wait_until(lambda: project.working_on("CREATE INDEX CONCURRENTLY"), 20, "the index")
        time.sleep(3)  # longer than the lock timeout
        assert project.working_on("CREATE INDEX CONCURRENTLY"), role.output
        writer.rollback()
        assert role.wait(30) == 0, role.output
    assert "trying again" not in role.output


def test_failure_shows_the_projects_own_code(shop: Callable[..., Shop]) -> None:
    """One message: the migration, the error, the line in the migration; no frame of the framework."""
    project = shop(apps.table("item"), apps.python("number = 1\nnumber / 0"), apps.table("never"))
    status, output, errors = project.migrate()

    assert status == 1
    assert "Applying shop.0002_m... FAILED" in output
    assert "Migration shop.0002_m failed: ZeroDivisionError: division by zero" in errors
    assert "number / 0" in errors
    assert "Nothing of it was applied." in errors
    assert "site-packages" not in errors
    assert "Traceback" not in errors
    assert project.applied == 1
    assert len(errors.splitlines()) < 8


def test_failure_outside_a_transaction_says_so(shop: Callable[..., Shop]) -> None:
    """A migration without a transaction may be half applied, and the message says it."""
    project = shop(apps.table("item"), apps.python("1 / 0", atomic=False))
    status, _, errors = project.migrate()

    assert status == 1
    assert "It does not run in one transaction, so it may be partly applied." in errors


def test_migrations_that_contradict_each_other(shop: Callable[..., Shop]) -> None:
    """Django's own advice about two leaves is passed on."""
    project = shop(apps.table("item"), apps.table("other"))
    migrations = project.folder / "shop" / "migrations"
    (migrations / "0002_twin.py").write_text((migrations / "0002_m.py").read_text())
    status, _, errors = project.migrate()

    assert status == 1
    assert "Conflicting migrations detected" in errors
    assert "Traceback" not in errors


def test_statements_have_no_time_limit(shop: Callable[..., Shop]) -> None:
    """The statement timeout of requests does not cut a long migration."""
    project = shop(apps.sql("SELECT pg_sleep(2)"))
    status, _, errors = project.migrate(DATABASE_STATEMENT_TIMEOUT_SECONDS="1")

    assert status == 0, errors


def test_connection_that_a_migration_closes(shop: Callable[..., Shop]) -> None:
    """A session that is opened anew takes the lock again; when another has it, nothing more is applied."""
    project = shop(
        apps.python("schema_editor.connection.close()", atomic=False),
        apps.python(
            """
            from django_k8s.database.locks import session_lock
            lock = session_lock(schema_editor.connection, "migrate")
            assert lock.held()
            """
        ),
    )
    status, _, errors = project.migrate()

    assert status == 0, errors


def test_lock_that_another_took_meanwhile(shop: Callable[..., Shop]) -> None:
    """A role that lost its session, and with it the lock, stops."""
    steal = apps.python(
        """
        from django.db import connections
        from django_k8s.database.connections import direct_connection
        from django_k8s.database.locks import session_lock
        schema_editor.connection.close()
        thief = direct_connection()
        lock = session_lock(thief, "migrate")
        assert lock.acquire()
        schema_editor.connection.ensure_connection()
        """,
        atomic=False,
    )
    status, _, errors = shop(steal, apps.table("never")).migrate()

    assert status == 1
    assert "another migrate has started meanwhile" in errors


def test_sigterm_is_no_success(shop: Callable[..., Shop]) -> None:
    """SIGTERM cancels the running statement in the server; the exit status is 75, not 143, which tini makes 0."""
    project = shop(apps.sql("SELECT pg_sleep(60)"))
    with project.migrating("stopped") as role:
        wait_until(lambda: project.working_on("pg_sleep"), 20, "the migration")
        role.signal(signal.SIGTERM)
        assert role.wait(10) == 75
        assert "Stopped before the end." in role.output
        assert "Traceback" not in role.output
    wait_until(lambda: not project.working_on("pg_sleep"), 3, "the end of the statement")


def test_database_that_comes_later(shop: Callable[..., Shop]) -> None:
    """The role waits for a database that is not there yet, and says what it sees."""
    with servers.postgres() as server:
        url = server.create("shop")
        server.stop()
        project = shop(apps.table("item"), url=url)
        with project.migrating("early") as role:
            role.wait_for_output("database default is not ready: OperationalError")
            server.start()
            assert role.wait(30) == 0, role.output
        assert "database default is ready" in role.output
        assert project.applied == 1


def test_database_that_restarts_while_one_waits(shop: Callable[..., Shop]) -> None:
    """The one that waits for its turn goes on when the database is back."""
    with servers.postgres() as server:
        project = shop(apps.table("item"), apps.table("last"), url=server.create("shop"))
        with psycopg.connect(project.url, autocommit=True) as holder:
            with default_database(project.url):
                key = AdvisoryLock(own_connection(), "migrate").key()
            holder.execute("SELECT pg_advisory_lock(%s)", [key])
            with project.migrating("waiting") as waiting:
                waiting.wait_for_output("another migrate is at work")
                server.stop()
                waiting.wait_for_output("the database was lost while waiting for the lock")
                server.start()
                assert waiting.wait(30) == 0, waiting.output
        assert "Traceback" not in waiting.output
        assert project.applied == 2


def test_session_lost_while_an_index_is_built(shop: Callable[..., Shop]) -> None:
    """The report tells what broke the session, not what failed on the broken one."""
    project = shop(apps.table("item"))
    assert project.migrate()[0] == 0
    apps.add(project.folder, "shop", CONCURRENTLY)
    with (
        project.holding("INSERT INTO shop_item (id, value) VALUES (1, 1)"),
        project.migrating("cut") as cut,
    ):
        wait_until(lambda: project.working_on("CREATE INDEX CONCURRENTLY"), 20, "the index")
        project.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'CREATE INDEX CONCURRENTLY%' AND datname = current_database()"
        )
        assert cut.wait(20) == 1
    assert "terminating connection due to administrator command" in cut.output
    assert "the connection is closed" not in cut.output


def test_database_that_never_comes(shop: Callable[..., Shop]) -> None:
    """Waiting ends with status 75 and one line that holds no password."""
    project = shop(apps.table("item"), url=f"postgres://shop:s3cret-pass@127.0.0.1:{free_port()}/shop")
    began = time.monotonic()
    status, output, errors = project.migrate(WAIT_SECONDS="2")

    assert status == 75
    assert time.monotonic() - began < patience(15, below=60)
    assert "The database default did not answer within 2 s: OperationalError" in errors
    assert len(errors.splitlines()) == 1
    assert "s3cret-pass" not in output + errors


def test_another_that_never_ends(shop: Callable[..., Shop]) -> None:
    """A role that waits for another gives up after WAIT_SECONDS with status 75."""
    project = shop(apps.table("item"), apps.sql("SELECT pg_sleep(60)"))
    with project.migrating("first"):
        wait_until(lambda: project.working_on("pg_sleep"), 20, "the first")
        status, _, errors = project.migrate(WAIT_SECONDS="2")

    assert status == 75
    assert "Another migrate is still at work after 2 s." in errors
