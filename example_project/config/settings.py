"""What differs between deployments comes from the environment; `django-k8s env` lists every variable."""

from pathlib import Path

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
CACHES = {"default": k8s.cache(env)}
STORAGES = {"default": k8s.media_storage(env), "staticfiles": k8s.static_storage(env)}
STATIC_URL, STATIC_ROOT = k8s.static(env)
MEDIA_URL, MEDIA_ROOT = k8s.media(env)
MAILERS = k8s.mailers(env)
LOGGING = k8s.logging(env)
DEFAULT_EXCEPTION_REPORTER_FILTER = "django_k8s.error_reports.SecretFilter"  # no secret in error mails

# Variables of this project.
UPLOAD_LIMIT_MB = env.int("UPLOAD_LIMIT_MB", 10)
TICK_SECONDS = env.float("TICK_SECONDS", 5.0)
WITH_CELERY = env.bool("WITH_CELERY", True)
if WITH_CELERY:
    CELERY = k8s.celery(env)
    CELERY_BEAT_SCHEDULE = {"tick": {"task": "board.tasks.tick", "schedule": TICK_SECONDS}}

INSTALLED_APPS = [
    "django_k8s",
    "board",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
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
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
CONTEXT_PROCESSORS = [
    "django.template.context_processors.request",
    "django.contrib.auth.context_processors.auth",
    "django.contrib.messages.context_processors.messages",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": CONTEXT_PROCESSORS},
    }
]
ROOT_URLCONF = "config.urls"
TIME_ZONE = "UTC"
DJANGO_K8S = k8s.config(env)  # last: reports every mistake in the environment
