"""Functions that turn the environment into Django settings, one for each setting.

Each returns a plain value and changes nothing. Deleting a line restores Django's default. Keyword arguments of the
project are never overridden::

    from django_k8s import Env
    from django_k8s import settings as k8s

    env = Env(BASE_DIR)
    SECRET_KEY = k8s.secret_key(env)
    DATABASES = {"default": k8s.database(env, ATOMIC_REQUESTS=True)}
    DJANGO_K8S = k8s.config(env)  # last: reports every mistake in one message
"""

from __future__ import annotations

from django_k8s.settings.caches import cache
from django_k8s.settings.celery import celery
from django_k8s.settings.config import config
from django_k8s.settings.databases import database
from django_k8s.settings.logs import logging
from django_k8s.settings.mail import mailers
from django_k8s.settings.security import (
    allowed_hosts,
    csrf_trusted_origins,
    hsts_seconds,
    https,
    secret_key,
    secret_key_fallbacks,
    ssl_redirect,
)
from django_k8s.settings.static import media, static
from django_k8s.settings.storages import media_storage, static_storage

__all__ = [
    "allowed_hosts",
    "cache",
    "celery",
    "config",
    "csrf_trusted_origins",
    "database",
    "hsts_seconds",
    "https",
    "logging",
    "mailers",
    "media",
    "media_storage",
    "secret_key",
    "secret_key_fallbacks",
    "ssl_redirect",
    "static",
    "static_storage",
]
