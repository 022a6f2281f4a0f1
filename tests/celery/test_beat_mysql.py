"""Beat on MariaDB: the same as on SQLite and PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from support import beat_cases as cases
from support.servers import Redis


def test_two_at_once(tmp_path: Path, mariadb_url: str, redis_server: Redis) -> None:
    """Two beats on MySQL publish every due time once and in time, despite a kill -9 and a rollout."""
    print("late by", cases.two_at_once(tmp_path, mariadb_url, redis_server.url(3), 20))


def test_killed_between_publish_and_commit(tmp_path: Path, mariadb_url: str, redis_server: Redis) -> None:
    """The only duplicate has the same task id."""
    messages = cases.killed_between(tmp_path, mariadb_url, redis_server.url(4))

    assert len(messages) == 2
    assert len({message.id for message in messages}) == 1
