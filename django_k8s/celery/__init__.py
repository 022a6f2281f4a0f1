"""Celery on Kubernetes: heartbeats, a stop that returns unfinished tasks, and a beat that may safely run twice.

A project's celery.py stays plain Celery::

    from celery import Celery

    app = Celery("config")
    app.config_from_object("django.conf:settings", namespace="CELERY")
    app.autodiscover_tasks()

The roles ``worker`` and ``beat`` start with ``python -m django_k8s.celery ROLE``, which finds the application and
connects what they need. The app ``django_k8s`` connects what publishers need.
"""

from __future__ import annotations

import importlib.util
import sys


def connect_publishers() -> None:
    """Connect what a process needs to publish tasks. Do nothing in a project without Celery.

    Messages carry the id of the request that sent them. The module of the project's application is imported, so that
    ``settings.CELERY`` applies to it.
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
    """Apply ``settings.CELERY`` to an application that was created before Django's settings were loaded.

    This happens in ``celery -A config inspect ping``, for example, where no Django app is ever ready.
    """
    if "celery" not in sys.modules:
        return
    from django_k8s.celery import application, defaults

    try:
        found = application.find(imported=True)
    except application.NoApplication:
        return
    defaults.connect(found.app)
