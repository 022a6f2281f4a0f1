"""Functions that turn the environment into Django settings.

Each returns plain values and changes nothing. Those that return several settings return them by
name, to be taken over with ``globals().update(...)`` in sight of the reader::

    from django_k8s import settings as k8s
    from django_k8s.env import Env

    env = Env(BASE_DIR / ".env")
    DATABASES = k8s.databases(env, BASE_DIR)
    globals().update(k8s.security(env))
    env.done()  # reports everything that is wrong, in one message
"""

from __future__ import annotations

from django_k8s.settings.caches import caches
from django_k8s.settings.celery import celery
from django_k8s.settings.databases import databases
from django_k8s.settings.email import email
from django_k8s.settings.logs import logging
from django_k8s.settings.media import media
from django_k8s.settings.security import security
from django_k8s.settings.static import static
from django_k8s.settings.storages import storages

__all__ = ["caches", "celery", "databases", "email", "logging", "media", "security", "static", "storages"]
