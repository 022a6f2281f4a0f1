"""Beat on PostgreSQL: the same as on SQLite, and a database that goes away."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from support import beat_cases as cases
from support.beat import HOLDS, Beats, beat_environment, inbox, last_heartbeat
from support.patience import patience
from support.process import wait_until
from support.proxy import Proxy, proxy
from support.servers import Postgres, Redis, postgres

from django_k8s.probe import heartbeat


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server of this file's own, which a test stops."""
    with postgres() as instance:
        yield instance


@pytest.fixture
def url(server: Postgres) -> str:
    return server.create(f"beat_{uuid.uuid4().hex[:8]}")


def test_two_at_once(tmp_path: Path, url: str, redis_server: Redis) -> None:
    """Two beats on PostgreSQL publish every due time once and in time, despite a kill -9 and a rollout."""
    print("late by", cases.two_at_once(tmp_path, url, redis_server.url(3), 40))


@pytest.mark.soak
def test_two_at_once_for_ten_minutes(tmp_path: Path, url: str, redis_server: Redis) -> None:
    """Two beats on PostgreSQL publish every due time once for ten minutes."""
    print("late by", cases.two_at_once(tmp_path, url, redis_server.url(3), 600))


def test_killed_between_publish_and_commit(tmp_path: Path, url: str, redis_server: Redis) -> None:
    """The only duplicate has the same task id."""
    messages = cases.killed_between(tmp_path, url, redis_server.url(4))

    assert len(messages) == 2
    assert len({message.id for message in messages}) == 1


def test_database_cut_between_publish_and_commit(tmp_path: Path, url: str, redis_server: Redis) -> None:
    """Not only a kill: what could not be noted is published again, with the same id, and nothing else is."""

    def cut() -> None:
        with psycopg.connect(url, autocommit=True) as other:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND pid NOT IN (SELECT pid FROM pg_locks WHERE locktype = 'advisory')"
            )

    messages, log = cases.cut_between(tmp_path, url, redis_server.url(8), cut)

    assert len(messages) == 2
    assert len({message.id for message in messages}) == 1
    assert "the database or the broker cannot be used (OperationalError: " in log


def test_stopped_between_publish_and_commit(tmp_path: Path, url: str, redis_server: Redis) -> None:
    """A stop waits for the commit: no duplicate."""
    assert len(cases.stopped_between(tmp_path, url, redis_server.url(6))) == 1


@pytest.mark.parametrize(
    ("silent", "scheduler"),
    [("lock", ""), ("entries", ""), ("entries", "project.schedulers:Stored")],
    ids=["lock", "entries", "another class"],
)
def test_stopped_while_the_database_is_silent(
    tmp_path: Path, server: Postgres, url: str, redis_server: Redis, silent: str, scheduler: str
) -> None:
    """A stop ends beat even during a query of the lock or of the entries that never ends."""

    def through(net: Proxy) -> str:
        return url.replace(f":{server.port}/", f":{net.port}/")

    with proxy(server.port) as lock, proxy(server.port) as entries, inbox(redis_server.url(9)) as box:
        env = beat_environment(
            tmp_path,
            through(entries),
            redis_server.url(9),
            DATABASE_DIRECT_URL=through(lock),
            BEAT_SCHEDULER=scheduler,
            TEST_BEAT_SECONDS="2",
        )
        with Beats(tmp_path, env) as beats:
            beat = beats.start()
            wait_until(lambda: box.messages, 20, "the first message")
            # No stop comes between a publish and its commit, so the silence must not begin there.
            published = time.monotonic()
            wait_until(lambda: last_heartbeat(tmp_path) > published, 20, "its commit")
            {"lock": lock, "entries": entries}[silent].black_hole()
            # A tick takes a second.
            wait_until(lambda: time.monotonic() - last_heartbeat(tmp_path) > 4, 20, "an unanswered query")
            lock.black_hole()
            entries.black_hole()
            # The driver alone would wait for ten seconds, and Django for five more.
            assert beat.stop(10, below=cases.GRACE_SECONDS) == 0, beat.output


def test_stopped_at_rest_while_the_database_is_silent(
    tmp_path: Path, server: Postgres, url: str, redis_server: Redis
) -> None:
    """A class that stores its schedule at the end waits for a silent database, but not forever."""
    with proxy(server.port) as net:
        database = url.replace(f":{server.port}/", f":{net.port}/")
        stored = {"BEAT_SCHEDULER": "project.schedulers:Stored", "TEST_BEAT_SECONDS": "3600"}
        env = beat_environment(tmp_path, database, redis_server.url(9), **stored)
        with Beats(tmp_path, env) as beats:
            beat = beats.start()
            wait_until(lambda: heartbeat_due(tmp_path), 20, "a tick")
            net.black_hole()
            assert beat.stop(cases.GRACE_SECONDS) == 0, beat.output


def heartbeat_due(folder: Path) -> bool:
    """Whether beat waits for its next tick."""
    return any(beat.get("due", 0) > time.time() + 1 for beat in heartbeat.read(folder / "state-0" / "beat"))


def test_lock_lost_while_it_publishes(tmp_path: Path, url: str, redis_server: Redis) -> None:
    """If the lock is lost between two due entries, the second is not published."""
    with (
        cases.paused(tmp_path, url, redis_server.url(7), "2,2.0", standby=False) as (beats, _),
        psycopg.connect(url, autocommit=True) as thief,
    ):
        (beat,) = beats.processes
        for session, key in thief.execute(
            "SELECT pid, (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory'"
        ).fetchall():
            thief.execute("SELECT pg_terminate_backend(%s)", [session])
            wait_until(
                lambda key=key: thief.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() == (True,),  # type: ignore[misc]
                5,
                "the lock",
            )
        (tmp_path / cases.PAUSE).unlink()
        beat.wait_for_output("the lock is lost")
        assert beat.output.count("beat: published") == 1


def test_lost_lock_is_noticed_at_rest(tmp_path: Path, url: str, redis_server: Redis) -> None:
    """While nothing is due, the end of the lock's session is noticed at once, and the lock is taken again."""
    env = beat_environment(tmp_path, url, redis_server.url(12), TEST_BEAT_SECONDS="3600")
    with Beats(tmp_path, env) as beats, psycopg.connect(url, autocommit=True) as other:
        beat = beats.start()
        beats.holder()
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        wait_until(lambda: "the lock is lost" in beat.output, 3, "a line about the lost lock", below=4)
        wait_until(lambda: beat.output.count(HOLDS) == 2, 5, "the lock")


def away(folder: Path, server: Postgres, url: str, broker: str, seconds: float) -> None:
    """The database away: no beat ends, its heartbeat goes on, and what was missed coalesces."""
    env = beat_environment(folder, url, broker, TEST_BEAT_SECONDS="2")
    with Beats(folder, env) as beats, inbox(broker) as box:
        pair = [beats.start(), beats.start()]
        wait_until(lambda: box.messages, 20, "the first message")
        states = [folder / f"state-{number}" / "beat" for number in range(2)]
        wait_until(lambda: all(list(heartbeat.read(state)) for state in states), 30, "two heartbeats")
        server.stop()
        down, oldest = time.time(), 0.0
        while time.time() < down + seconds:
            ages = [time.monotonic() - beat["at"] for state in states for beat in heartbeat.read(state)]
            oldest = max([oldest, *ages])
            time.sleep(0.2)
        server.start()
        up = time.time()
        wait_until(lambda: box.messages[-1].at > up + 4, 30, "messages after the database is back")
        back = min(message.at for message in box.messages if message.at > up)
        assert back < up + patience(5), "beat goes on when the database is back"
        assert all(process.running() for process in pair), [process.output[-2000:] for process in pair]
        assert oldest < patience(10, below=seconds), "a heartbeat stood still"
        dues = sorted({message.due.timestamp() for message in box.messages if message.due})
        missed = [due for due in dues if down + 1 < due < up - 5]
        assert len(missed) <= 1, "what was missed coalesces into one"
        assert [due for due in dues if back - 5 <= due <= back], "the newest of them is published"
        assert len(box.messages) == len(dues), "nothing is published twice"


def test_database_away(tmp_path: Path, server: Postgres, url: str, redis_server: Redis) -> None:
    """Beat survives a database that is down for 15 seconds."""
    away(tmp_path, server, url, redis_server.url(5), 15)


@pytest.mark.soak
def test_database_away_for_a_minute(tmp_path: Path, server: Postgres, url: str, redis_server: Redis) -> None:
    """Beat survives a database that is down for a minute."""
    away(tmp_path, server, url, redis_server.url(5), 60)
