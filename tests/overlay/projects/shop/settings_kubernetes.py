"""The settings for Kubernetes, on top of the project's own."""

from pathlib import Path

from django_k8s import Env, overlay
from django_k8s import settings as k8s

from settings import *  # noqa: F403, RUF100
from settings import (
    ALLOWED_HOSTS,
    CACHES,
    DATABASES,
    EMAIL_BACKEND,
    INSTALLED_APPS,
    LOGGING,
    MEDIA_ROOT,
    MIDDLEWARE,
    SECRET_KEY,
    SECURE_HSTS_SECONDS,
    SECURE_SSL_REDIRECT,
    STATIC_ROOT,
    STATIC_URL,
    STORAGES,
)

env = Env(Path(__file__).parent)

DEBUG = env.debug
SECRET_KEY = overlay.secret_key(env, SECRET_KEY)
ALLOWED_HOSTS = overlay.allowed_hosts(env, ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = overlay.csrf_trusted_origins(env, [], ALLOWED_HOSTS)
SECURE_SSL_REDIRECT = overlay.ssl_redirect(env, SECURE_SSL_REDIRECT)
SECURE_HSTS_SECONDS = overlay.hsts_seconds(env, SECURE_HSTS_SECONDS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = k8s.https(env)
INSTALLED_APPS = overlay.installed_apps(INSTALLED_APPS)
MIDDLEWARE = overlay.middleware(MIDDLEWARE)
DATABASES = overlay.databases(env, DATABASES)
CACHES = overlay.caches(env, CACHES)
STORAGES = overlay.storages(env, STORAGES)
STATIC_URL = overlay.static_url(env, STATIC_URL)
STATIC_ROOT = overlay.static_root(env, STATIC_ROOT)
MEDIA_ROOT = overlay.media_root(env, MEDIA_ROOT)
EMAIL_BACKEND = overlay.email_backend(env, EMAIL_BACKEND)
LOGGING = overlay.logging(env, LOGGING)
DJANGO_K8S = overlay.config(env)
