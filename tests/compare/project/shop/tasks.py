"""A task that does nothing."""

from celery import shared_task


@shared_task
def nothing() -> None:
    """Do nothing."""
