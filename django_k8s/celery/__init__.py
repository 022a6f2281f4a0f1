"""Celery on Kubernetes: heartbeats, a stop that gives work back, and a beat of which two are safe.

A project's celery.py holds nothing of this::

    from celery import Celery

    app = Celery("config")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks()

The roles ``worker`` and ``beat`` start through ``python -m django_k8s.celery ROLE``, which finds the
application and connects what they need. What publishers need is connected by the app ``django_k8s``.
"""

from __future__ import annotations

import importlib.util
import sys


def connect_publishers() -> None:
    """Connect what a process needs that publishes tasks; does nothing in a project without Celery.

    Messages carry the id of the request that sent them. ``settings.CELERY`` applies to the project's
    application, whose module is imported for that.
    """
    from django.conf import settings

    deployed = getattr(settings, "CELERY", None) is not None
    if not (deployed or "celery" in sys.modules) or importlib.util.find_spec("celery") is None:
        return
    from django_k8s.celery import application, context, defaults

    context.connect()
    if not deployed:
        return
    try:
        found = application.find()
    except application.NoApplication:
        return  # a system check reports it
    defaults.connect(found.app)


def settings_loaded() -> None:
    """Apply ``settings.CELERY`` to an application that was made before Django's settings were loaded.

    Such as in ``celery -A config inspect ping``, where no Django app is ever ready.
    """
    if "celery" not in sys.modules:
        return
    from django_k8s.celery import application, defaults

    try:
        found = application.find(imported=True)
    except application.NoApplication:
        return
    defaults.connect(found.app)
