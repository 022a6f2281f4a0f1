"""The start-up gate: check what must be configured before a process may do anything."""

from __future__ import annotations

import sys

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from django_k8s.celery import application
from django_k8s.conf import Config
from django_k8s.environment import startup
from django_k8s.environment.exit_codes import EX_CONFIG

_DUMMY = "django.db.backends.dummy"  # what Django uses if DATABASES is empty


def enforce(role: str = "") -> None:
    """If something is missing, print it and raise SystemExit with status 78.

    ``role`` is the role of this process, if the variable ROLE is not set.
    """
    if found := mistake(role):
        print(f"django-k8s: {found}", file=sys.stderr, flush=True)
        raise SystemExit(EX_CONFIG)


def mistake(role: str = "") -> str:
    """Return what is missing and what to do, or an empty string.

    ``k8s.config(env)`` reports mistakes in the environment. This detects what it cannot: that it was never called, or that
    the settings module caught an exception and continued without a setting.
    """
    config = getattr(settings, "DJANGO_K8S", None)
    if not isinstance(config, Config):
        return (
            "DJANGO_K8S is not configured, so mistakes in the environment would stay unnoticed. "
            "Write DJANGO_K8S = k8s.config(env) on the last line of the settings module."
        )
    if apps.apps_ready and not apps.is_installed("django_k8s"):
        return "django_k8s is not in INSTALLED_APPS, so nothing checks the settings. Put it first."
    if config.build_phase:
        if (role or startup.env().str("ROLE")) in ("", "manage"):
            return ""
        return "BUILD_PHASE is on, so the settings hold no secrets and no role starts. Remove it."
    if "broker" in config.readiness_checks and (missing := _missing_celery()):
        return f"READINESS_CHECKS names broker, but {missing} Otherwise remove broker from READINESS_CHECKS."
    if settings.DEBUG:
        if config.debug:
            return ""
        # A development settings module may have turned it on. Error pages would show settings and source code to everybody.
        return (
            "DEBUG is on in the settings module, but not in the environment. Write DEBUG = env.debug there."
        )
    if not _secret_key():
        return "SECRET_KEY is empty. Write SECRET_KEY = k8s.secret_key(env) in the settings module."
    if not settings.ALLOWED_HOSTS:
        return "ALLOWED_HOSTS is empty. Write ALLOWED_HOSTS = k8s.allowed_hosts(env) in the settings module."
    if {"database", "migrations"} & set(config.readiness_checks) and not _database():
        return (
            'DATABASES has no default, but READINESS_CHECKS names the database. Write DATABASES = {"default": '
            "k8s.database(env)} in the settings module, or remove database and migrations from READINESS_CHECKS."
        )
    return ""


def _missing_celery() -> str:
    try:
        application.find()
    except application.NoApplication as error:
        return str(error)
    return ""


def _secret_key() -> str:
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django raises this for an empty key
        return ""


def _database() -> bool:
    engine = settings.DATABASES.get("default", {}).get("ENGINE", _DUMMY)
    return bool(engine != _DUMMY)
