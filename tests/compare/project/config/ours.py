"""Our set-up, as the README has it."""

from pathlib import Path

import django

from config.shared import APPS, DEFAULT_AUTO_FIELD, REST, ROOT_URLCONF, SECURITY, TEMPLATES  # noqa: F401
from django_k8s import Env
from django_k8s import settings as k8s

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env(BASE_DIR)

DEBUG = env.debug
SECRET_KEY = k8s.secret_key(env)
ALLOWED_HOSTS = k8s.allowed_hosts(env)
CSRF_TRUSTED_ORIGINS = k8s.csrf_trusted_origins(env)
SECURE_SSL_REDIRECT = k8s.ssl_redirect(env)
SECURE_HSTS_SECONDS = k8s.hsts_seconds(env)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = k8s.https(env)
DATABASES = {"default": k8s.database(env)}
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

INSTALLED_APPS = ["django_k8s", *APPS]
MIDDLEWARE = [
    "django_k8s.middleware.KubernetesMiddleware",
    *SECURITY,
    "django_k8s.middleware.StaticFilesMiddleware",
    *REST,
]
DJANGO_K8S = k8s.config(env)
