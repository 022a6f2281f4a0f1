"""The settings for Kubernetes, on top of those for production."""

from django_k8s import Env, overlay

from .production import *  # noqa: F403, RUF100
from .production import (
    ALLOWED_HOSTS,
    BASE_DIR,
    CACHES,
    CELERY_BROKER_URL,
    CELERY_RESULT_BACKEND,
    CSRF_COOKIE_NAME,
    CSRF_COOKIE_SECURE,
    DATABASES,
    EMAIL_BACKEND,
    INSTALLED_APPS,
    LOGGING,
    MEDIA_ROOT,
    MIDDLEWARE,
    SECRET_KEY,
    SECURE_HSTS_SECONDS,
    SECURE_PROXY_SSL_HEADER,
    SECURE_SSL_REDIRECT,
    SESSION_COOKIE_NAME,
    SESSION_COOKIE_SECURE,
    STATIC_ROOT,
    STORAGES,
)

k8s_env = Env(BASE_DIR)

DEBUG = k8s_env.debug
SECRET_KEY = overlay.secret_key(k8s_env, SECRET_KEY)
ALLOWED_HOSTS = overlay.allowed_hosts(k8s_env, ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = overlay.csrf_trusted_origins(k8s_env, [], ALLOWED_HOSTS)
SECURE_PROXY_SSL_HEADER = overlay.proxy_ssl_header(k8s_env, SECURE_PROXY_SSL_HEADER)
SECURE_SSL_REDIRECT = overlay.ssl_redirect(k8s_env, SECURE_SSL_REDIRECT, SECURE_PROXY_SSL_HEADER)
SECURE_HSTS_SECONDS = overlay.hsts_seconds(k8s_env, SECURE_HSTS_SECONDS)
SESSION_COOKIE_SECURE = overlay.https(k8s_env, SESSION_COOKIE_SECURE)
CSRF_COOKIE_SECURE = overlay.https(k8s_env, CSRF_COOKIE_SECURE)
SESSION_COOKIE_NAME = overlay.cookie_name(k8s_env, SESSION_COOKIE_NAME)
CSRF_COOKIE_NAME = overlay.cookie_name(k8s_env, CSRF_COOKIE_NAME)
INSTALLED_APPS = overlay.installed_apps(INSTALLED_APPS)
MIDDLEWARE = overlay.middleware(MIDDLEWARE)
DATABASES = overlay.databases(k8s_env, DATABASES)
CACHES = overlay.caches(k8s_env, CACHES)
STORAGES = overlay.storages(k8s_env, STORAGES)
STATIC_ROOT = overlay.static_root(k8s_env, STATIC_ROOT)
MEDIA_ROOT = overlay.media_root(k8s_env, MEDIA_ROOT)
EMAIL_BACKEND = overlay.email_backend(k8s_env, EMAIL_BACKEND)
LOGGING = overlay.logging(k8s_env, LOGGING)
CELERY_BROKER_URL = overlay.broker_url(k8s_env, CELERY_BROKER_URL)
CELERY_RESULT_BACKEND = overlay.result_backend(k8s_env, CELERY_RESULT_BACKEND)
CELERY = overlay.celery(k8s_env, broker_url=CELERY_BROKER_URL)
DJANGO_K8S = overlay.config(k8s_env)
