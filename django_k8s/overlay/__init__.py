"""Settings for Kubernetes on top of a project's own settings.

Each function takes a value of the project and returns the value for this environment. The environment decides where
services are and how they fail. The project decides everything else. The project's objects are never changed in
place::

    from django_k8s import Env, overlay

    from .production import *  # noqa: F403, RUF100
    from .production import BASE_DIR, DATABASES, INSTALLED_APPS, LOGGING, MIDDLEWARE

    env = Env(BASE_DIR)
    DEBUG = env.debug
    INSTALLED_APPS = overlay.installed_apps(INSTALLED_APPS)
    MIDDLEWARE = overlay.middleware(MIDDLEWARE)
    DATABASES = overlay.databases(env, DATABASES)
    LOGGING = overlay.logging(env, LOGGING)
    DJANGO_K8S = overlay.config(env)  # last: reports every mistake in one message
"""

from __future__ import annotations

from django_k8s.overlay.apps import installed_apps, middleware
from django_k8s.overlay.caches import caches
from django_k8s.overlay.config import config
from django_k8s.overlay.databases import databases
from django_k8s.overlay.files import media_root, static_root, static_url, storages
from django_k8s.overlay.logs import logging
from django_k8s.overlay.mail import email_backend, mailers
from django_k8s.overlay.redis import broker_url, huey, redis_url, result_backend
from django_k8s.overlay.security import (
    allowed_hosts,
    cookie_name,
    csrf_trusted_origins,
    hsts_seconds,
    https,
    proxy_ssl_header,
    secret_key,
    secret_key_fallbacks,
    ssl_redirect,
)
from django_k8s.settings import celery

__all__ = [
    "allowed_hosts",
    "broker_url",
    "caches",
    "celery",
    "config",
    "cookie_name",
    "csrf_trusted_origins",
    "databases",
    "email_backend",
    "hsts_seconds",
    "https",
    "huey",
    "installed_apps",
    "logging",
    "mailers",
    "media_root",
    "middleware",
    "proxy_ssl_header",
    "redis_url",
    "result_backend",
    "secret_key",
    "secret_key_fallbacks",
    "ssl_redirect",
    "static_root",
    "static_url",
    "storages",
]
