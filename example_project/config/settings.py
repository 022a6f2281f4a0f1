"""What differs between deployments comes from the environment; `django-k8s env` lists every variable."""

from pathlib import Path

from django_k8s import settings as k8s
from django_k8s.env import Env

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env(BASE_DIR / ".env")

globals().update(k8s.security(env))  # SECRET_KEY, ALLOWED_HOSTS, cookies, TLS
globals().update(k8s.static(env, BASE_DIR))
globals().update(k8s.media(env, BASE_DIR))
globals().update(k8s.celery(env, BASE_DIR))
globals().update(k8s.email(env))
DATABASES = k8s.databases(env, BASE_DIR)
CACHES = k8s.caches(env)
STORAGES = k8s.storages(env)
LOGGING = k8s.logging(env)

UPLOAD_LIMIT_MB = env.int("UPLOAD_LIMIT_MB", 10)  # a variable of this project
CELERY_BEAT_SCHEDULE = {"tick": {"task": "board.tasks.tick", "schedule": env.float("TICK_SECONDS", 5.0)}}

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
env.done()  # reports all that is wrong with the environment, at once
