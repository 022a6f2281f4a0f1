"""Celery on Kubernetes: heartbeats, a stop that gives work back, and a beat of which two are safe.

A project calls :func:`setup` once, where it makes its Celery application::

    from celery import Celery
    from django_k8s.celery import setup

    app = Celery("config")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks()
    setup(app)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from celery import Celery


def setup(app: Celery) -> Celery:
    """Give the workers of ``app`` their heartbeat, queues, stop and logs; returns ``app``."""
    from django_k8s.celery import context, logs, metrics, shutdown, worker

    app.steps["consumer"].add(worker.HeartbeatStep)
    for part in (worker, shutdown, logs, context, metrics):
        part.connect()
    return app
