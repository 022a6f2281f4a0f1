"""Variables that other frameworks or platforms use and that have no effect here."""

from __future__ import annotations

from django_k8s.environment.env import Env

# Each with the variable to use instead. They come from cookiecutter-django, from common Docker images and from
# the names of Django's settings.
INSTEAD = {
    "AWS_STORAGE_BUCKET_NAME": "MEDIA_S3_BUCKET",
    "AZURE_ACCOUNT_NAME": "MEDIA_AZURE_ACCOUNT",
    "AZURE_CONTAINER": "MEDIA_AZURE_CONTAINER",
    "BROKER_URL": "CELERY_BROKER_URL",
    "CONN_MAX_AGE": "DATABASE_CONN_MAX_AGE",
    "DB_HOST": "DATABASE_HOST",
    "DB_NAME": "DATABASE_NAME",
    "DB_PASSWORD": "DATABASE_PASSWORD",
    "DB_USER": "DATABASE_USER",
    "DJANGO_ALLOWED_HOSTS": "ALLOWED_HOSTS",
    "DJANGO_AWS_STORAGE_BUCKET_NAME": "MEDIA_S3_BUCKET",
    "DJANGO_DEBUG": "DEBUG",
    "DJANGO_LOG_LEVEL": "LOG_LEVEL",
    "DJANGO_SECRET_KEY": "SECRET_KEY",
    "DJANGO_SECURE_HSTS_SECONDS": "HSTS_SECONDS",
    "DJANGO_SECURE_SSL_REDIRECT": "SSL_REDIRECT",
    "EMAIL_HOST": "EMAIL_URL",
    "EMAIL_HOST_PASSWORD": "EMAIL_URL",
    "EMAIL_HOST_USER": "EMAIL_URL",
    "GS_BUCKET_NAME": "MEDIA_GCS_BUCKET",
    "POSTGRES_DB": "DATABASE_NAME",
    "POSTGRES_HOST": "DATABASE_HOST",
    "POSTGRES_PASSWORD": "DATABASE_PASSWORD",
    "POSTGRES_PORT": "DATABASE_PORT",
    "POSTGRES_USER": "DATABASE_USER",
    "REDIS_HOST": "REDIS_URL",
    "REDIS_PASSWORD": "REDIS_URL",
    "REDIS_TLS_URL": "REDIS_URL",
    "SECURE_HSTS_SECONDS": "HSTS_SECONDS",
    "SECURE_SSL_REDIRECT": "SSL_REDIRECT",
}


def without_effect(env: Env) -> tuple[str, ...]:
    """Return the names of the variables above that are set but that were not read from ``env``."""
    return tuple(sorted(name for name in INSTEAD.keys() & env.names if name not in env.table))
