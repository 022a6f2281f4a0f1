"""What a project passes to the overlay is as before, wherever the environment moves things or leaves them."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from django_k8s import Env, overlay

DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "shop",
        "OPTIONS": {"options": "-c search_path=shop", "sslmode": "prefer"},
    }
}
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": "redis://localhost:6379/1",
        "OPTIONS": {"CONNECTION_POOL_KWARGS": {"max_connections": 9}},
    }
}
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {"bucket_name": "own"}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
LOGGING: dict[str, Any] = {
    "version": 1,
    "handlers": {"console": {"class": "logging.StreamHandler", "filters": []}},
    "loggers": {"": {"handlers": ["console"], "level": "INFO"}},
}
MAILERS: dict[str, Any] = {"default": {"BACKEND": "own", "OPTIONS": {"host": "own"}}}
MOVED = {
    "DATABASE_URL": "postgres://u:p@db/shop",
    "DATABASE_SSLMODE": "verify-full",
    "CACHE_URL": "redis://cache/2",
    "MEDIA_S3_BUCKET": "named",
    "LOG_LEVEL": "ERROR",
    "EMAIL_URL": "smtp://mail",
}


@pytest.mark.parametrize(
    "values", [{}, {"DATABASE_SSLMODE": "verify-full"}, MOVED], ids=["left", "tuned", "moved"]
)
def test_the_project_s_settings_stay_as_they_are(values: dict[str, str]) -> None:
    """Other settings modules may share its dictionaries."""
    env = Env("/srv/app", environ=values)
    for make, own in (
        (overlay.databases, DATABASES),
        (overlay.caches, CACHES),
        (overlay.storages, STORAGES),
        (overlay.logging, LOGGING),
        (overlay.mailers, MAILERS),
    ):
        before = copy.deepcopy(own)
        make(env, own)
        assert own == before
