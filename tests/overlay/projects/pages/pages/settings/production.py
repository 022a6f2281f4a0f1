"""Production, as on a platform that gives names of its own."""

import os

from .base import *  # noqa: F403
from .base import CACHES, DATABASES, MIDDLEWARE

DEBUG = os.getenv("DJANGO_DEBUG", "off") == "on"
SECRET_KEY = os.environ["DJANGO_SECRET_KEY"]
ALLOWED_HOSTS = os.getenv("DJANGO_ALLOWED_HOSTS", "*").split(",")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_SSL_REDIRECT = True
SECURE_HSTS_SECONDS = 30 * 24 * 60 * 60
SECURE_REFERRER_POLICY = "no-referrer-when-downgrade"
SESSION_COOKIE_SECURE = True
CSRF_TRUSTED_ORIGINS = ["https://cms.example.com"]

if "REDIS_URL" in os.environ:
    # One server; the prefix tells the two caches apart.
    CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": os.environ["REDIS_URL"],
            "OPTIONS": {"IGNORE_EXCEPTIONS": True, "SOCKET_CONNECT_TIMEOUT": 2},
        },
        "renditions": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": os.environ["REDIS_URL"],
            "KEY_PREFIX": "renditions",
            "TIMEOUT": None,
            "OPTIONS": {"CONNECTION_POOL_KWARGS": {"max_connections": 20}},
        },
    }
DATABASES["default"]["ATOMIC_REQUESTS"] = False

MIDDLEWARE.append("whitenoise.middleware.WhiteNoiseMiddleware")
MIDDLEWARE.insert(0, "pages.basic_auth.BasicAuthMiddleware")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"base_url": "/files/"}},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        "OPTIONS": {"manifest_strict": False},
    },
}
WHITENOISE_MAX_AGE = 2592000
EMAIL_HOST = os.getenv("SMTP_HOST", "smtp.example.com")
EMAIL_PORT = 587
EMAIL_USE_TLS = True
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
DEFAULT_FROM_EMAIL = "editors@example.com"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "console": {"class": "logging.StreamHandler"},
        "file": {
            "class": "logging.handlers.RotatingFileHandler",
            "filename": "/var/log/pages.log",
            "delay": True,
        },
    },
    "loggers": {"django": {"handlers": ["console", "file"], "level": os.getenv("DJANGO_LOG_LEVEL", "INFO")}},
}
