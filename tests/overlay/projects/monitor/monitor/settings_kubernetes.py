"""The settings for Kubernetes, on top of the project's own."""

import django
from django_k8s import Env, overlay
from django_k8s import settings as k8s

from . import settings
from .settings import *  # noqa: F403, RUF100
from .settings import (
    ALLOWED_HOSTS,
    BASE_DIR,
    DATABASES,
    INSTALLED_APPS,
    LOGGING,
    MIDDLEWARE,
    SECRET_KEY,
    STATIC_ROOT,
    STORAGES,
)

env = Env(BASE_DIR)

DEBUG = env.debug
SECRET_KEY = overlay.secret_key(env, SECRET_KEY)
ALLOWED_HOSTS = overlay.allowed_hosts(env, ALLOWED_HOSTS, "monitor.internal")
CSRF_TRUSTED_ORIGINS = overlay.csrf_trusted_origins(env, [], ALLOWED_HOSTS)
SECURE_SSL_REDIRECT = k8s.ssl_redirect(env)
SECURE_HSTS_SECONDS = k8s.hsts_seconds(env)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = k8s.https(env)
INSTALLED_APPS = overlay.installed_apps(INSTALLED_APPS)
MIDDLEWARE = overlay.middleware(MIDDLEWARE)
DATABASES = overlay.databases(env, DATABASES)
STORAGES = overlay.storages(env, STORAGES)
STATIC_ROOT = overlay.static_root(env, STATIC_ROOT)
if django.VERSION >= (6, 1):
    MAILERS = overlay.mailers(env, settings.MAILERS)
else:
    EMAIL_BACKEND = overlay.email_backend(env, "django.core.mail.backends.smtp.EmailBackend")
LOGGING = overlay.logging(env, LOGGING)
DJANGO_K8S = overlay.config(env)
