"""Celery logs as the rest of the project does: by Django's LOGGING, in our lines."""

from __future__ import annotations

import logging
from typing import Any

from celery import signals

from django_k8s.environment import startup
from django_k8s.observability.formatters import formatter


def connect() -> None:
    """Connect the handlers; calling it again changes nothing."""
    signals.setup_logging.connect(_configure, dispatch_uid="django_k8s.logs")


def _configure(loglevel: int | str | None = None, **kwargs: Any) -> None:
    """Celery leaves logging alone as soon as anyone listens to this signal."""
    from django.conf import settings
    from django.utils.log import configure_logging

    configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
    root = logging.getLogger()
    if not root.handlers:  # a project whose LOGGING cares for Django alone
        handler = logging.StreamHandler()
        handler.setFormatter(formatter(startup.env()))
        root.addHandler(handler)
        root.setLevel(loglevel or logging.INFO)
    logging.captureWarnings(True)
