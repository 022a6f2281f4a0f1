"""Make Celery log as the rest of the project does: through Django's LOGGING, in our format."""

from __future__ import annotations

import logging
from typing import Any

from celery import signals

from django_k8s.environment import startup
from django_k8s.observability.formatters import formatter


def connect() -> None:
    """Connect the handler. Calling it again has no effect."""
    signals.setup_logging.connect(_configure, dispatch_uid="django_k8s.logs")


def _configure(loglevel: int | str | None = None, **kwargs: Any) -> None:
    """Complete what django.setup() has configured. Celery configures nothing once anything listens to this signal."""
    root = logging.getLogger()
    if not root.handlers:  # the project's LOGGING covers only Django
        handler = logging.StreamHandler()
        handler.setFormatter(formatter(startup.env()))
        root.addHandler(handler)
        root.setLevel(loglevel or logging.INFO)
    logging.captureWarnings(True)
