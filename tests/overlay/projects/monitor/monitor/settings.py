"""Helpers around os.environ; the database by DB; no Celery and no cache."""

import os
from pathlib import Path

import django

BASE_DIR = Path(__file__).resolve().parent.parent


def envbool(name: str, default: str) -> bool:
    return {"True": True, "False": False}[os.getenv(name, default)]


def envint(name: str, default: str) -> int:
    return int(os.getenv(name, default))


SECRET_KEY = os.getenv("SECRET_KEY", "---")
DEBUG = envbool("MONITOR_DEBUG", "True")
ALLOWED_HOSTS = os.getenv("ALLOWED_HOSTS", "*").split(",")
DEFAULT_FROM_EMAIL = os.getenv("DEFAULT_FROM_EMAIL", "monitor@example.org")
ADMINS = ["ops@example.org"]
if django.VERSION >= (6, 1):
    MAILERS: dict[str, dict[str, object]] = {}  # no mail without a server

INSTALLED_APPS = (
    "monitor",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
)
MIDDLEWARE = (
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
ROOT_URLCONF = "monitor.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
TEST_RUNNER = "django.test.runner.DiscoverRunner"

DATABASES: dict[str, dict[str, object]] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.getenv("DB_NAME", str(BASE_DIR / "hc.sqlite")),
    }
}
if os.getenv("DB") == "postgres":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": os.getenv("DB_HOST", ""),
            "PORT": os.getenv("DB_PORT", ""),
            "NAME": os.getenv("DB_NAME", "hc"),
            "USER": os.getenv("DB_USER", "postgres"),
            "PASSWORD": os.getenv("DB_PASSWORD", ""),
            "CONN_MAX_AGE": envint("DB_CONN_MAX_AGE", "0"),
            "TEST": {"CHARSET": "UTF8"},
            "OPTIONS": {"sslmode": os.getenv("DB_SSLMODE", "prefer"), "options": "-c statement_timeout=20s"},
        }
    }

TIME_ZONE = "UTC"
USE_TZ = True
SITE_ROOT = os.getenv("SITE_ROOT", "http://localhost:8000/checks")
STATIC_URL = "/checks/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "static-collected"
STATICFILES_FINDERS = ("django.contrib.staticfiles.finders.FileSystemFinder",)
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
COMPRESS_OFFLINE = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {
        "null": {"class": "logging.NullHandler"},
        "console": {"class": "logging.StreamHandler", "level": "INFO"},
        "db": {"class": "monitor.logs.Handler", "level": "ERROR"},
    },
    "root": {"handlers": ["console", "db"]},
    "loggers": {
        "django.security.DisallowedHost": {"handlers": ["null"], "propagate": False},
        "pings": {"level": "DEBUG", "handlers": ["console"]},
    },
}
