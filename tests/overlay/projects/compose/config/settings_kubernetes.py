"""The settings for Kubernetes, on top of the project's own."""

from django_k8s import Env, overlay

from .settings import *  # noqa: F403, RUF100
from .settings import (
    ALLOWED_HOSTS,
    BASE_DIR,
    CACHES,
    CELERY_BROKER_URL,
    CELERY_RESULT_BACKEND,
    DATABASES,
    INSTALLED_APPS,
    MIDDLEWARE,
    REDIS_URL,
    SECRET_KEY,
    STATIC_ROOT,
    STORAGES,
)

env = Env(BASE_DIR)

DEBUG = env.debug
SECRET_KEY = overlay.secret_key(env, SECRET_KEY)
ALLOWED_HOSTS = overlay.allowed_hosts(env, ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = overlay.csrf_trusted_origins(env, [], ALLOWED_HOSTS)
INSTALLED_APPS = overlay.installed_apps(INSTALLED_APPS)
MIDDLEWARE = overlay.middleware(MIDDLEWARE)
DATABASES = overlay.databases(env, DATABASES)
CACHES = overlay.caches(env, CACHES)
STORAGES = overlay.storages(env, STORAGES)
STATIC_ROOT = overlay.static_root(env, STATIC_ROOT)
LOGGING = overlay.logging(env, {})
REDIS_URL = overlay.redis_url(env, REDIS_URL)
CELERY_BROKER_URL = overlay.broker_url(env, CELERY_BROKER_URL)
CELERY_RESULT_BACKEND = overlay.result_backend(env, CELERY_RESULT_BACKEND)
CELERY = overlay.celery(env, broker_url=CELERY_BROKER_URL)
DJANGO_K8S = overlay.config(env)
