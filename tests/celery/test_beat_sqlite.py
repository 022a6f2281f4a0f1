"""Beat on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import beat_cases as cases
from support.servers import Redis


def database(folder: Path) -> str:
    return f"sqlite:///{folder}/db.sqlite3"


def test_two_at_once(tmp_path: Path, redis_server: Redis) -> None:
    """Two beats, a kill -9 and a rollout: every due time once, in time."""
    print("late by", cases.two_at_once(tmp_path, database(tmp_path), redis_server.url(1), 40))


@pytest.mark.soak
def test_two_at_once_for_ten_minutes(tmp_path: Path, redis_server: Redis) -> None:
    """The same for ten minutes."""
    print("late by", cases.two_at_once(tmp_path, database(tmp_path), redis_server.url(1), 600))


def test_killed_between_publish_and_commit(tmp_path: Path, redis_server: Redis) -> None:
    """The one duplicate there is has the same id."""
    messages = cases.killed_between(tmp_path, database(tmp_path), redis_server.url(2))

    assert len(messages) == 2
    assert len({message.id for message in messages}) == 1


def test_stopped_between_publish_and_commit(tmp_path: Path, redis_server: Redis) -> None:
    """A stop waits for the commit: no duplicate."""
    assert len(cases.stopped_between(tmp_path, database(tmp_path), redis_server.url(3))) == 1
