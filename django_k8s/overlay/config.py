"""DJANGO_K8S of a project with settings of its own."""

from __future__ import annotations

from typing import Any

from django_k8s import settings as k8s
from django_k8s.conf import Config
from django_k8s.environment.env import Env


def config(env: Env, **project: Any) -> Config:
    """Return DJANGO_K8S, as ``k8s.config`` does. Call it on the last line of the settings module.

    The check W021 stays silent: variables with other names, such as POSTGRES_HOST, may be read by the project.
    """
    return k8s.config(env, **{"without_effect": (), **project})
