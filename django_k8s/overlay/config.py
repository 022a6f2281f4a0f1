"""DJANGO_K8S of a project with its own settings."""

from __future__ import annotations

from typing import Any

from django_k8s import settings as k8s
from django_k8s.conf import Config
from django_k8s.environment.env import Env


def config(env: Env, **project: Any) -> Config:
    """Return DJANGO_K8S, as ``k8s.config`` does. Call it on the last line of the settings module.

    The system check W021 is off, because the project itself may read variables such as POSTGRES_HOST.
    """
    return k8s.config(env, **{"without_effect": (), **project})
