"""A beat that publishes nothing is seen: by readiness, by its metrics and in its log."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from support.beat import PROJECT, Beats, Inbox, beat_environment, inbox
from support.process import Process, run, wait_until
from support.servers import Postgres, Redis, postgres

from django_k8s.celery.beat.schedule import LONGEST_NAME
from django_k8s.probe import heartbeat

SCHEDULE = """
from datetime import timedelta
from celery.beat import BeatLazyFunc
from celery.schedules import BaseSchedule, crontab
from project.settings import *

class Raising(BaseSchedule):
    def remaining_estimate(self, last_run_at):
        raise RuntimeError("no answer")

def fail():
    raise KeyError("nothing there")

def entry(**more):
    return {{"task": "project.tasks.tick", "schedule": 1.0, **more}}

CELERY_BEAT_SCHEDULE = {{{entries}}}
"""
GOOD = '"good": entry(args=["good"])'


@pytest.fixture
def server() -> Iterator[Postgres]:
    with postgres() as made:
        yield made


def environment_with(folder: Path, entries: str, database: str, broker: str, **more: str) -> dict[str, str]:
    """A beat whose schedule has these entries."""
    (folder / "own_settings.py").write_text(SCHEDULE.format(entries=entries))
    own = {
        "PYTHONPATH": f"{PROJECT}:{folder}",
        "DJANGO_SETTINGS_MODULE": "own_settings",
        "CELERY_APP": "project",
    }
    return {**beat_environment(folder, database, broker, **more), **own}


def told(folder: Path) -> dict[str, Any]:
    """The heartbeat of the first beat, or an empty one."""
    return next(heartbeat.read(folder / "state-0" / "beat"), {})


def is_blocked(folder: Path) -> bool:
    return told(folder).get("state") == "blocked"


@pytest.mark.parametrize(
    ("entries", "text"),
    [
        (f'"x" * {LONGEST_NAME + 1}: entry()', "has 201 characters. Shorten it to at most 200."),
        (r'"a\0b": entry()', "contains a NUL character, which no database can store. Remove it."),
        (r'"a\ud800b": entry()', "contains half a character, which no database can store. Remove it."),
        ("7: entry()", "the name 7 is not text. Give the entry a name in quotes."),
    ],
    ids=["long", "nul", "half", "number"],
)
def test_names_that_the_table_cannot_hold(tmp_path: Path, entries: str, text: str) -> None:
    """Names that are too long for the table are refused at the start, with status 78 and one line."""
    env = environment_with(tmp_path, f"{entries}, {GOOD}", f"sqlite:///{tmp_path}/db.sqlite3", "memory://")
    command = ["python", "-m", "django_k8s.celery", "beat"]
    done = run(command, {**env, "STATE_DIR": str(tmp_path / "state")}, PROJECT, 20)

    assert done.returncode == 78, done.stdout + done.stderr
    assert text in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


BROKEN = {
    "raises": "entry(schedule=Raising())",
    "endless": "entry(schedule=timedelta.max)",
    "unscheduled": '{"task": "project.tasks.tick"}',
    "misspelt": "entry(argz=[1])",
    "no-json": "entry(args=[object()])",
    "lazy": "entry(args=[BeatLazyFunc(fail)])",
}


def test_an_entry_that_fails_stops_no_other(tmp_path: Path, redis_server: Redis) -> None:
    """Each that cannot be scheduled or published has one line in the log and is counted; the others go on."""
    entries = ", ".join([*(f'"{name}": {text}' for name, text in BROKEN.items()), GOOD, '"headers": entry(args=["headers"], options={"headers": None})'])  # fmt: skip
    env = environment_with(tmp_path, entries, f"sqlite:///{tmp_path}/db.sqlite3", redis_server.url(0))
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(0)) as box:
        beat = beats.start()
        wait_until(lambda: len(box.of("good")) >= 5 and len(box.of("headers")) >= 5, 30, "the good ones")
        wait_until(lambda: told(tmp_path)["failing"] == len(BROKEN), 10, "the number of those that fail")
        assert told(tmp_path)["state"] == "ok"
        for name in BROKEN:
            assert beat.output.count(f"beat: {name} cannot be ") == 1, beat.output
        assert "KeyError: 'nothing there'" in beat.output
        assert "Traceback" not in beat.output


def read_only(url: str, *, on: bool) -> None:
    """Let each new session of a database read only, and end the others; or let them write again."""
    with psycopg.connect(url, autocommit=True, options="-c default_transaction_read_only=off") as other:
        other.execute(f"ALTER DATABASE {other.info.dbname} SET default_transaction_read_only = {'on' if on else 'off'}")  # fmt: skip
        if on:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


def silent_then_well(
    folder: Path, box: Inbox, beat: Process, begin: Callable[[], object], end: Callable[[], object]
) -> None:
    """Nothing is published in between: the heartbeat says so, and grows late; then it goes on, and nothing comes twice."""
    wait_until(lambda: box.messages, 30, "the first message")
    begin()
    wait_until(lambda: is_blocked(folder), 20, "a heartbeat that says so")
    count, since = len(box.messages), told(folder)["since"]
    wait_until(lambda: time.time() - told(folder)["due"] > 4, 20, "lateness that grows")
    assert told(folder)["since"] == since, "it does not begin anew"
    assert len(box.messages) == count
    said = re.findall(r"nothing is published: .*; trying again", beat.output)
    assert 0 < len(said) == len(set(said)), beat.output
    end()
    back = time.time()
    wait_until(lambda: len(box.messages) > count, 10, "messages afterwards")
    print(f"published again after {time.time() - back:.1f} s")
    wait_until(lambda: told(folder).get("state") == "ok", 10, "a good heartbeat")
    assert "all is well again" in beat.output
    assert beat.running()
    ids = [message.id for message in box.messages]
    assert len(set(ids)) == len(ids), "published twice"


@pytest.mark.parametrize("scheduler", ["", "project.schedulers:Writing"], ids=["ours", "another class"])
def test_database_turns_read_only(
    tmp_path: Path, server: Postgres, redis_server: Redis, scheduler: str
) -> None:
    """Beat reports a database that turns read-only, like the old primary after a failover."""
    url = server.create("shop")
    env = beat_environment(
        tmp_path, url, redis_server.url(1), TEST_BEAT_SECONDS="1", BEAT_SCHEDULER=scheduler
    )
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(1)) as box:
        beat = beats.start()
        silent_then_well(
            tmp_path, box, beat, lambda: read_only(url, on=True), lambda: read_only(url, on=False)
        )


def test_start_on_a_read_only_database(tmp_path: Path, server: Postgres, redis_server: Redis) -> None:
    """A beat that starts on a read-only database counts as late from its start."""
    url = server.create("shop")
    env = beat_environment(tmp_path, url, redis_server.url(2), TEST_BEAT_SECONDS="1")
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(2)) as box:
        read_only(url, on=True)
        beats.start()
        wait_until(lambda: is_blocked(tmp_path), 30, "a heartbeat that says so")
        wait_until(lambda: time.time() - told(tmp_path)["due"] > 3, 20, "lateness that grows")
        read_only(url, on=False)
        wait_until(lambda: box.messages, 10, "messages afterwards")


@pytest.mark.parametrize("scheduler", ["", "project.schedulers:Plain"], ids=["ours", "another class"])
def test_broker_away(tmp_path: Path, scheduler: str) -> None:
    """Beat reports a broker that is down."""
    from support.servers import redis

    with redis(persistent=True) as broker:
        env = beat_environment(
            tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", broker.url(), TEST_BEAT_SECONDS="1", BEAT_SCHEDULER=scheduler
        )  # fmt: skip
        with Beats(tmp_path, env) as beats, inbox(broker.url()) as box:
            silent_then_well(tmp_path, box, beats.start(), broker.stop, broker.start)


def test_somebody_else_holds_the_lock(tmp_path: Path, server: Postgres, redis_server: Redis) -> None:
    """A holder that publishes nothing is noticed by the beat that stands by."""
    url = server.create("shop")
    env = beat_environment(
        tmp_path, url, redis_server.url(3), TEST_BEAT_SECONDS="1", BEAT_SCHEDULER="project.schedulers:Impatient"
    )  # fmt: skip
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(3)) as box:
        first = beats.start(STATE_DIR=str(tmp_path / "first"))
        wait_until(lambda: box.messages, 20, "the first message")
        with psycopg.connect(url, autocommit=True) as thief:
            (key,) = (
                thief.execute(
                    "SELECT (classid::bigint << 32) | objid::bigint FROM pg_locks WHERE locktype = 'advisory'"
                ).fetchone()
                or ()
            )
            first.stop()
            wait_until(lambda: thief.execute("SELECT pg_try_advisory_lock(%s)", [key]).fetchone() == (True,), 5, "the lock")  # fmt: skip
            beat = beats.start(STATE_DIR=str(tmp_path / "state-0"))
            wait_until(lambda: is_blocked(tmp_path), 30, "a heartbeat that says so")
            beat.wait_for_output("another beat holds the lock and publishes nothing")
            assert time.time() - told(tmp_path)["due"] > 2
        count = len(box.messages)
        wait_until(lambda: len(box.messages) > count, 10, "messages once the lock is free")
        wait_until(lambda: told(tmp_path).get("state") == "ok", 10, "a good heartbeat")
