"""The small project that the tests run: the library's settings functions and nothing clever."""

import os
import time
from pathlib import Path

from celery.schedules import crontab

from django_k8s import settings as k8s
from django_k8s.env import Env

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

globals().update(k8s.security(env))
globals().update(k8s.static(env, BASE_DIR))
globals().update(k8s.media(env, BASE_DIR))
globals().update(k8s.celery(env, BASE_DIR))
globals().update(k8s.email(env))
DATABASES = k8s.databases(env, BASE_DIR)
CACHES = k8s.caches(env)
STORAGES = k8s.storages(env)
LOGGING = k8s.logging(env)

CELERY_BEAT_SCHEDULE = {
    f"every-{seconds}": {
        "task": "project.tasks.tick",
        "schedule": float(seconds),
        "args": [f"every-{seconds}"],
    }
    for seconds in env.list("TEST_BEAT_SECONDS", [])
}
if env.bool("TEST_BEAT_MINUTE", False):
    CELERY_BEAT_SCHEDULE["minute"] = {"task": "project.tasks.tick", "schedule": crontab(), "args": ["minute"]}

if env.float("TEST_FORK_SECONDS", 0):  # how long a forked process takes before its first own line
    os.register_at_fork(after_in_child=lambda: time.sleep(env.float("TEST_FORK_SECONDS")))

if env.bool("TEST_NO_TIMEOUTS", False):  # Celery as it comes
    CELERY_BROKER_TRANSPORT_OPTIONS = {}

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
    "django_k8s.health.middleware.HealthMiddleware",
    "django_k8s.observability.requests.RequestIdMiddleware",
    "django_k8s.observability.http.MetricsMiddleware",
    "django_k8s.proxy.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django_k8s.static.StaticFilesMiddleware",
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

env.done()
