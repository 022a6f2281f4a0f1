"""Schedulers for tests of what happens between two steps."""

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from celery.beat import Scheduler as PlainScheduler

from django_k8s.celery import beat
from django_k8s.celery.beat import Scheduler


class Pausing(Scheduler):
    """Stands still between publishing and committing, while the file TEST_PAUSE exists."""

    def _send(self, entry: Any, due: datetime) -> None:
        super()._send(entry, due)
        pause = Path(os.environ["TEST_PAUSE"])
        if pause.exists():
            pause.with_suffix(".reached").write_text(str(os.getpid()))
        while pause.exists():
            time.sleep(0.05)


class Plain(PlainScheduler):
    """Celery's own in-memory scheduler, under another name."""


class WrongClock(datetime):
    """A day ahead while the file TEST_AHEAD exists."""

    @classmethod
    def now(cls, tz: Any = None) -> datetime:
        """The time of this machine's clock."""
        return datetime.now(tz) + timedelta(days=Path(os.environ["TEST_AHEAD"]).exists())


class Ahead(Scheduler):
    """Has that clock."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        beat.datetime = WrongClock  # type: ignore[misc]
        super().__init__(*args, **kwargs)
