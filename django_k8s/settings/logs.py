"""LOGGING with everything on standard output, where the cluster collects it."""

from __future__ import annotations

from typing import Any

from django_k8s.environment.env import Env
from django_k8s.environment.process_labels import process_labels

_LINES = "django_k8s.observability.formatters"


def logging(env: Env) -> dict[str, Any]:
    """Return LOGGING with one line per record on standard output, from LOG_LEVEL up, in the format of LOG_FORMAT."""
    level = env.str("LOG_LEVEL")
    if env.str("LOG_FORMAT") == "json":
        line: dict[str, Any] = {"()": f"{_LINES}.JsonFormatter", "fields": process_labels(env)}
        stdout: dict[str, Any] = {"class": "django_k8s.observability.stdout.Handler"}
    else:
        line = {"()": f"{_LINES}.TextFormatter"}
        stdout = {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": line},
        "handlers": {"stdout": {**stdout, "formatter": "line"}},
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            # Django attaches its own handlers to these. One line for each record is enough.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
        },
    }
