"""Schedulers for tests of what happens between two steps."""

import os
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from celery.beat import Scheduler as PlainScheduler
from django.db import DatabaseError, InterfaceError, connection

from django_k8s.celery.beat.loop import Loop
from django_k8s.celery.beat.scheduler import Scheduler


def pause() -> None:
    """Stand still while the file TEST_PAUSE exists."""
    path = Path(os.environ["TEST_PAUSE"])
    if path.exists():
        path.with_suffix(".reached").write_text(str(os.getpid()))
    while path.exists():
        time.sleep(0.05)


class PausingLoop(Loop):
    """Pauses between publishing and committing."""

    def _send(self, entry: Any, due: datetime) -> None:
        super()._send(entry, due)
        pause()


class Pausing(Scheduler):
    """Has that loop."""

    loop_class = PausingLoop


class Plain(PlainScheduler):
    """Celery's own in-memory scheduler, under another name."""


class PlainPausing(PlainScheduler):
    """The same, and pauses in the middle of a publish."""

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        pause()
        return super().apply_async(*args, **kwargs)


class Stored(PlainScheduler):
    """Asks the database after every message and at its end, as those do that store their schedule there."""

    sync_every_tasks = 1

    def sync(self) -> None:
        with suppress(DatabaseError, InterfaceError):
            ask()


class Writing(PlainScheduler):
    """Writes to the database in every tick."""

    def tick(self, *args: Any, **kwargs: Any) -> float:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE django_k8s_beatentry SET published_at = NULL")
        return float(super().tick(*args, **kwargs))


def ask() -> None:
    """A query, on the connection of the project."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


class ImpatientLoop(Loop):
    """Says sooner that another beat publishes nothing."""

    look_seconds, silent_seconds = 0.5, 3.0


class Impatient(Scheduler):
    """Has that loop."""

    loop_class = ImpatientLoop


class WrongClock(Loop):
    """Its clock is a day ahead while the file TEST_AHEAD exists."""

    def _now(self) -> datetime:
        return super()._now() + timedelta(days=Path(os.environ["TEST_AHEAD"]).exists())


class Ahead(Scheduler):
    """Has that clock."""

    loop_class = WrongClock
