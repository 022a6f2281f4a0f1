"""The library's configuration: ``settings.DJANGO_K8S``.

The settings module creates it with ``k8s.config(env)``. It is the only configuration of everything that runs after
Django is loaded. Everything before that uses :mod:`django_k8s.environment.startup`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast


def _no_mailer() -> dict[str, Any]:
    return {"BACKEND": "django_k8s.mail.MissingBackend", "OPTIONS": {}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The configuration of the library. Each field has the value of the variable with the same name.

    It is immutable. Tests replace it::

        with override_settings(DJANGO_K8S=dataclasses.replace(settings.DJANGO_K8S, metrics=True)):
            ...

    Its ``repr``, which Django's debug page shows, leaves out secrets. Durations are in seconds.
    """

    build_phase: bool = False
    debug: bool = False
    environment: str = "development"
    release: str = ""
    role: str = ""
    log_format: Literal["text", "json"] = "text"
    metrics: bool = False
    trusted_proxies: tuple[str, ...] = ()
    database_direct_url: str = field(default="", repr=False)
    database_pgbouncer: bool = False
    database_connect_timeout_seconds: int = 5
    database_statement_timeout_seconds: int = 300
    database_lock_timeout_seconds: int = 60
    health_token: str = field(default="", repr=False)
    mailer: Mapping[str, Any] = field(default_factory=_no_mailer, repr=False)  # as MAILERS["default"]
    media_serve: bool = False
    migrate_databases: tuple[str, ...] = ("default",)
    migrate_lock_timeout_seconds: int = 5
    once_keep_seconds: int = 2_592_000
    readiness_cache_seconds: float = 2.0
    readiness_checks: tuple[str, ...] = ("database", "migrations")
    readiness_database: Literal["latched", "strict"] = "latched"
    readiness_page: str = ""
    readiness_timeout_seconds: float = 2.0
    stall_seconds: int = 600
    wait_seconds: int = 300
    # Names of variables that other frameworks or platforms use, that are set, but that nothing reads through Env.
    without_effect: tuple[str, ...] = ()
    # Names of secret variables whose values are common words, which are not masked in logs.
    common_secrets: tuple[str, ...] = ()


def current() -> Config:
    """Return ``settings.DJANGO_K8S``."""
    from django.conf import settings

    return cast("Config", settings.DJANGO_K8S)
