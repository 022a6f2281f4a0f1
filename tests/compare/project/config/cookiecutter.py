"""The defaults of cookiecutter-django (its config/settings, base.py and production.py), without its further apps."""

import os

from config.shared import *  # noqa: F403
from config.shared import APPS, REST, SECURITY, TEMPLATES, WHITENOISE, database

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = APPS
# base.py: LocaleMiddleware after the sessions, and no BrokenLinkEmails here, since no mail is sent.
MIDDLEWARE = [*SECURITY, *WHITENOISE, REST[0], "django.middleware.locale.LocaleMiddleware", *REST[1:]]
TEMPLATES[0]["OPTIONS"]["context_processors"] += [  # type: ignore[index]
    "django.template.context_processors.i18n",
    "django.template.context_processors.media",
    "django.template.context_processors.static",
    "django.template.context_processors.tz",
]
# production.py: CONN_MAX_AGE 60; base.py: each request is one transaction.
DATABASES = {"default": database(CONN_MAX_AGE=60, ATOMIC_REQUESTS=True)}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["CELERY_BROKER_URL"],
    }
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "verbose": {"format": "%(levelname)s %(asctime)s %(module)s %(process)d %(thread)d %(message)s"}
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "verbose"}},
    "root": {"level": "INFO", "handlers": ["console"]},
}
# base.py: results are kept, with what tells about each task, and events are sent.
CELERY_BROKER_URL = CELERY_RESULT_BACKEND = os.environ["CELERY_BROKER_URL"]
CELERY_RESULT_EXTENDED = True
CELERY_TASK_TIME_LIMIT = 5 * 60
CELERY_TASK_SOFT_TIME_LIMIT = 60
CELERY_WORKER_SEND_TASK_EVENTS = True
CELERY_TASK_SEND_SENT_EVENT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
