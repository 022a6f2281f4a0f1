"""The settings for Kubernetes, on top of those for production."""

import django
from django_k8s import Env, overlay

from . import prod
from .prod import *  # noqa: F403, RUF100
from .prod import (
    ALLOWED_HOSTS,
    BASE_DIR,
    CACHES,
    CSRF_COOKIE_SECURE,
    DATABASES,
    INSTALLED_APPS,
    LOGGING,
    MEDIA_ROOT,
    MIDDLEWARE,
    SECRET_KEY,
    SECURE_PROXY_SSL_HEADER,
    SESSION_COOKIE_SECURE,
    STATIC_ROOT,
    STATIC_URL,
    STORAGES,
)

env = Env(BASE_DIR)

DEBUG = env.debug
SECRET_KEY = overlay.secret_key(env, SECRET_KEY)
ALLOWED_HOSTS = overlay.allowed_hosts(env, ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = overlay.csrf_trusted_origins(env, [], ALLOWED_HOSTS)
SECURE_PROXY_SSL_HEADER = overlay.proxy_ssl_header(env, SECURE_PROXY_SSL_HEADER)
SESSION_COOKIE_SECURE = overlay.https(env, SESSION_COOKIE_SECURE)
CSRF_COOKIE_SECURE = overlay.https(env, CSRF_COOKIE_SECURE)
INSTALLED_APPS = overlay.installed_apps(INSTALLED_APPS)
MIDDLEWARE = overlay.middleware(MIDDLEWARE)
DATABASES = overlay.databases(env, DATABASES)
CACHES = overlay.caches(env, CACHES)
STORAGES = overlay.storages(env, STORAGES)
STATIC_URL = overlay.static_url(env, STATIC_URL)
STATIC_ROOT = overlay.static_root(env, STATIC_ROOT)
MEDIA_ROOT = overlay.media_root(env, MEDIA_ROOT)
if django.VERSION >= (6, 1):
    MAILERS = overlay.mailers(env, prod.MAILERS)
else:
    EMAIL_BACKEND = overlay.email_backend(env, "django.core.mail.backends.smtp.EmailBackend")
LOGGING = overlay.logging(env, LOGGING)
DJANGO_K8S = overlay.config(env)
