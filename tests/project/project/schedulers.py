"""Schedulers for tests of what happens between two steps."""

import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from celery.beat import Scheduler as PlainScheduler

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
