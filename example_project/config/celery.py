"""The Celery application, which worker and beat run and web hands its tasks to."""

import os

from celery import Celery

from django_k8s.celery import setup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("config")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
setup(app)  # heartbeat, and a stop that gives unfinished tasks back
