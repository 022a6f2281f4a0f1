"""Production, behind nginx."""

import os
from typing import Any

import django

from .common import *  # noqa: F403
from .common import DATA_DIR, LOGGING, MIDDLEWARE, SECRETS

if "SITES_DB_NAME" not in os.environ:
    raise ValueError("SITES_DB_NAME is not set")

ALLOWED_HOSTS = ["www.example.com", "docs.example.com", *SECRETS.get("allowed_hosts", [])]
DEBUG = False
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": SECRETS.get("redis_host", "redis://localhost:6379"),
    },
    "docs-pages": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": SECRETS.get("redis_host", "redis://localhost:6379") + "/2",
    },
}
CACHE_MIDDLEWARE_SECONDS = 300
CSRF_COOKIE_SECURE = True
SESSION_COOKIE_SECURE = True
handlers: dict[str, Any] = LOGGING["handlers"]  # type: ignore[assignment]
handlers["syslog"] = {
    "formatter": "full",
    "level": "DEBUG",
    "class": "logging.handlers.SysLogHandler",
    "address": "/dev/log",
    "facility": "local4",
}
loggers: dict[str, Any] = LOGGING["loggers"]  # type: ignore[assignment]
loggers["django.request"]["handlers"].append("syslog")
MEDIA_ROOT = str(DATA_DIR / "media")
MEDIA_URL = "https://media.example.com/"
MIDDLEWARE = [
    "django.middleware.cache.UpdateCacheMiddleware",
    *MIDDLEWARE,
    "django.middleware.cache.FetchFromCacheMiddleware",
]
STATIC_ROOT = str(DATA_DIR / "static")
STATIC_URL = "https://static.example.com/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
    "archive": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
}
HOST_SCHEME = "https"
if django.VERSION >= (6, 1):
    MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "localhost"},
        },
        "bulk": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "bulk.example.com"},
        },
    }
else:
    EMAIL_HOST = "localhost"
