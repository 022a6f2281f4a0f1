"""Tasks that are counted."""

import time
from datetime import datetime
from typing import Any

from celery import shared_task

from proving.models import Effect, Tick


@shared_task(bind=True, acks_late=True, max_retries=10)
def work(self: Any, number: int, seconds: float) -> None:
    """Take a while, then have an effect."""
    time.sleep(seconds)
    Effect.objects.create(number=number)


@shared_task(bind=True)
def note(self: Any) -> None:
    """Note when this was due and when beat published it."""
    due = datetime.fromisoformat(self.request.beat_due).timestamp()
    Tick.objects.create(due=due, published=self.request.published_at, task_id=self.request.id)
