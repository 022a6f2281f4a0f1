"""The project's mail, sent through the server from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_k8s import settings as k8s
from django_k8s.environment.env import Env


def mailers(env: Env, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return MAILERS (Django 6.1 and newer) with ``default`` from EMAIL_URL. Other aliases are kept.

    Without EMAIL_URL, the project's ``default`` is kept too. Use ``email_backend`` in a project with EMAIL settings,
    because Django refuses both in one project.
    """
    named = k8s.mailers(env) if env.is_set("EMAIL_URL") else {}
    return {**{alias: dict(mailer) for alias, mailer in project.items()}, **named}


def email_backend(env: Env, project: str) -> str:
    """Return EMAIL_BACKEND: this library's, which uses EMAIL_URL, if that is set, or the project's."""
    return "django_k8s.mail.EmailBackend" if env.is_set("EMAIL_URL") else project
