"""The settings of each contender, and what they share."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
