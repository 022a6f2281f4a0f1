"""The project: settings, addresses and the three applications that servers load."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
