"""LOGGING: everything to standard output, where the cluster collects it."""

from __future__ import annotations

from typing import Any

from django_k8s.env import Env


def logging(env: Env) -> dict[str, Any]:
    """Django's LOGGING: one line a record on standard output, from LOG_LEVEL up."""
    level = env.str("LOG_LEVEL")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
        },
        "handlers": {
            "stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"},
        },
        "root": {"handlers": ["stdout"], "level": level},
        "loggers": {
            # Django attaches handlers of its own to these; one line a record is enough.
            "django": {"handlers": [], "level": level, "propagate": True},
            "django.server": {"handlers": [], "level": level, "propagate": True},
        },
    }
