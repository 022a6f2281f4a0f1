"""The small project that the tests run: the library's settings functions and nothing clever."""

import os
import time
from importlib.util import find_spec
from pathlib import Path

import django
from celery.schedules import crontab

from django_k8s import Env
from django_k8s import settings as k8s

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env(BASE_DIR)

DEBUG = env.debug
SECRET_KEY = k8s.secret_key(env)
SECRET_KEY_FALLBACKS = k8s.secret_key_fallbacks(env)
ALLOWED_HOSTS = k8s.allowed_hosts(env)
CSRF_TRUSTED_ORIGINS = k8s.csrf_trusted_origins(env)
SECURE_SSL_REDIRECT = k8s.ssl_redirect(env)
SECURE_HSTS_SECONDS = k8s.hsts_seconds(env)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = k8s.https(env)

DATABASES = {"default": k8s.database(env)}
if env.str("DATABASE_URL").startswith("mysql:") and not find_spec("MySQLdb"):
    import pymysql

    pymysql.install_as_MySQLdb()  # the driver in pure Python, where mysqlclient is not installed
CACHES = {"default": k8s.cache(env)}
STORAGES = {"default": k8s.media_storage(env), "staticfiles": k8s.static_storage(env)}
STATIC_URL, STATIC_ROOT = k8s.static(env)
MEDIA_URL, MEDIA_ROOT = k8s.media(env)
if django.VERSION >= (6, 1):
    MAILERS = k8s.mailers(env)
else:
    EMAIL_BACKEND = "django_k8s.mail.EmailBackend"
LOGGING = k8s.logging(env)
CELERY = k8s.celery(env)
if "TEST_ETA_TASK_LIMIT" in os.environ:
    CELERY_WORKER_ETA_TASK_LIMIT = int(os.environ["TEST_ETA_TASK_LIMIT"])

CELERY_BEAT_SCHEDULE = {
    f"every-{seconds}": {
        "task": "project.tasks.tick",
        "schedule": float(seconds),
        "args": [f"every-{seconds}"],
    }
    for seconds in env.list("TEST_BEAT_SECONDS", [])
}
if env.bool("TEST_BEAT_UNMADE", False):  # its message cannot be made
    CELERY_BEAT_SCHEDULE["unmade"] = {"task": "project.tasks.tick", "schedule": 1.0, "args": [object()]}
if env.bool("TEST_BEAT_MINUTE", False):
    CELERY_BEAT_SCHEDULE["minute"] = {"task": "project.tasks.tick", "schedule": crontab(), "args": ["minute"]}

if env.float("TEST_FORK_SECONDS", 0):  # how long a forked process takes before its first own line
    os.register_at_fork(after_in_child=lambda: time.sleep(env.float("TEST_FORK_SECONDS")))

if env.bool("TEST_NO_TIMEOUTS", False):  # Celery as it comes
    CELERY["broker_transport_options"] = {}

INSTALLED_APPS = [
    "django_k8s",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    *env.list("TEST_APPS", []),
]
MIDDLEWARE = [
    "django_k8s.middleware.KubernetesMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django_k8s.middleware.StaticFilesMiddleware",
    "django_k8s.middleware.MediaFilesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    *env.list("TEST_MIDDLEWARE", []),
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
ROOT_URLCONF = env.str("TEST_URLCONF", "project.urls")
WSGI_APPLICATION = "project.wsgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

DJANGO_K8S = k8s.config(env)
