"""Beat on SQLite."""

from __future__ import annotations

import sqlite3
import sys
from pathlib import Path

import pytest
from support import beat_cases as cases
from support.beat import PROJECT, Beats, beat_environment, inbox
from support.process import run, wait_until
from support.servers import Redis


def database(folder: Path) -> str:
    return f"sqlite:///{folder}/db.sqlite3"


def test_two_at_once(tmp_path: Path, redis_server: Redis) -> None:
    """Two beats on SQLite publish every due time once and in time, despite a kill -9 and a rollout."""
    print("late by", cases.two_at_once(tmp_path, database(tmp_path), redis_server.url(1), 40))


@pytest.mark.soak
def test_two_at_once_for_ten_minutes(tmp_path: Path, redis_server: Redis) -> None:
    """Two beats on SQLite do so for ten minutes."""
    print("late by", cases.two_at_once(tmp_path, database(tmp_path), redis_server.url(1), 600))


def test_killed_between_publish_and_commit(tmp_path: Path, redis_server: Redis) -> None:
    """The only duplicate has the same task id."""
    messages = cases.killed_between(tmp_path, database(tmp_path), redis_server.url(2))

    assert len(messages) == 2
    assert len({message.id for message in messages}) == 1


def test_stopped_between_publish_and_commit(tmp_path: Path, redis_server: Redis) -> None:
    """A stop waits for the commit: no duplicate."""
    assert len(cases.stopped_between(tmp_path, database(tmp_path), redis_server.url(3))) == 1


def test_clock_that_was_ahead(tmp_path: Path, redis_server: Redis) -> None:
    """A last run in the future, from a clock that was wrong, silences no entry; one line says what happened."""
    env = beat_environment(
        tmp_path, database(tmp_path), redis_server.url(5), TEST_BEAT_SECONDS="2", TEST_BEAT_MINUTE="true"
    )
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(5)) as box:
        with sqlite3.connect(tmp_path / "db.sqlite3") as connection:
            connection.executemany(
                "INSERT INTO django_k8s_beatentry (name, due) VALUES (?, '2099-01-01 00:00:00')",
                [("every-2",), ("minute",)],
            )
        connection.close()
        beat = beats.start()
        wait_until(lambda: len(box.of("every-2")) >= 3, 20, "messages")
        assert beat.output.count("every-2 ran at 2099-01-01 00:00:00+00:00 by a clock that was ahead") == 1
        assert beat.output.count("minute ran at 2099-01-01 00:00:00+00:00 by a clock that was ahead") == 1


def test_clock_that_is_set_back(tmp_path: Path, redis_server: Redis) -> None:
    """A clock that is set back while beat runs silences no entry."""
    ahead = tmp_path / "ahead"
    ahead.touch()
    env = beat_environment(
        tmp_path, database(tmp_path), redis_server.url(6), TEST_BEAT_SECONDS="2",
        BEAT_SCHEDULER="project.schedulers:Ahead", TEST_AHEAD=str(ahead),
    )  # fmt: skip
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(6)) as box:
        beats.start()
        wait_until(lambda: len(box.messages) >= 2, 20, "messages")
        assert box.messages[-1].late < -80_000
        ahead.unlink()
        wait_until(lambda: box.messages[-1].late > -10, 20, "messages of the right time")


def test_interval_of_nothing_is_refused(tmp_path: Path) -> None:
    """An interval of zero is refused with status 78 and one line that names the entry."""
    env = beat_environment(tmp_path, database(tmp_path), "memory://", TEST_BEAT_SECONDS="0,2")
    command = [sys.executable, "-m", "django_k8s.celery", "beat"]
    done = run(command, {**env, "STATE_DIR": str(tmp_path / "state")}, PROJECT, 30)
    assert done.returncode == 78, done.stderr
    assert "every-0 would run every 0 s. The shortest interval is 0.1 s." in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
