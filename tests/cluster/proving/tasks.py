"""Tasks that are counted."""

import time
from typing import Any

from celery import shared_task

from proving.models import Effect


@shared_task(bind=True, acks_late=True, max_retries=10)
def work(self: Any, number: int, seconds: float) -> None:
    """Take a while, then have an effect."""
    time.sleep(seconds)
    Effect.objects.create(number=number)
