"""The defaults of docker-django-example (its src/config/settings.py), without its debug toolbar."""

import os

from config.shared import *  # noqa: F403
from config.shared import APPS, REST, SECURITY, WHITENOISE, database

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = APPS
# WhiteNoise stands after SecurityMiddleware.
MIDDLEWARE = [*SECURITY, *WHITENOISE, *REST]
# It names neither CONN_MAX_AGE nor a pool.
DATABASES = {"default": database()}
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["CELERY_BROKER_URL"],
    }
}
# One Redis for broker, results and cache.
CELERY_BROKER_URL = CELERY_RESULT_BACKEND = os.environ["CELERY_BROKER_URL"]
