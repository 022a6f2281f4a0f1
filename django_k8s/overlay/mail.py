"""Mail of the project, sent through the server that the environment names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_k8s import settings as k8s
from django_k8s.environment.env import Env


def mailers(env: Env, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return MAILERS (Django 6.1 and newer): EMAIL_URL says how ``default`` sends; other aliases stay.

    Without EMAIL_URL it is the project's. Use ``email_backend`` in a project with EMAIL settings: Django
    refuses both in one project.
    """
    named = k8s.mailers(env) if env.is_set("EMAIL_URL") else {}
    return {**{alias: dict(mailer) for alias, mailer in project.items()}, **named}


def email_backend(env: Env, project: str) -> str:
    """Return EMAIL_BACKEND: if EMAIL_URL is set, this library's, which sends as it says; else the project's."""
    return "django_k8s.mail.EmailBackend" if env.is_set("EMAIL_URL") else project
