"""Celery's own lines, in a module of another name."""

from celery import Celery

app = Celery("split")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
