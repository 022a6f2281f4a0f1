"""The example's settings, with this application."""

from config.settings import *  # noqa: F403
from config.settings import CELERY_BEAT_SCHEDULE, INSTALLED_APPS

INSTALLED_APPS = ["proving", *INSTALLED_APPS]
ROOT_URLCONF = "proving.urls"
CELERY_BEAT_SCHEDULE = {**CELERY_BEAT_SCHEDULE, "note": {"task": "proving.tasks.note", "schedule": 2.0}}
