"""What this app itself is configured with, from Django settings or else from the environment.

A Django setting named ``K8S_`` and the variable's name wins, so that a project may fix a value in
code: ``K8S_READINESS_CHECKS = ["database"]``.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from django.conf import settings

from django_k8s.env import Env


@cache
def environment() -> Env:
    """The process environment, read once; its secrets are masked from then on."""
    env = Env()
    env.mask_secrets()
    return env


def value(name: str) -> Any:
    """The typed value of a variable of the table, or of the Django setting ``K8S_NAME``."""
    variable = environment().table[name]
    return (
        getattr(settings, f"K8S_{name}", None)
        if hasattr(settings, f"K8S_{name}")
        else environment().read(variable)
    )
