"""Development."""

from .base import *  # noqa: F403

DEBUG = True
SECRET_KEY = "django-insecure-for-development"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
