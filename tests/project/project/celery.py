"""The Celery application."""

import os

from celery import Celery

from django_k8s.celery import setup

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
app = Celery("project")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["project"])
setup(app)
