"""Celery's own lines."""

from celery import Celery

app = Celery("hello")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
