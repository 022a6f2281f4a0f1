"""A project as ``startproject`` writes it, on PostgreSQL and Redis."""

import os

from config.shared import *  # noqa: F403
from config.shared import APPS, REST, SECURITY, database

SECRET_KEY = os.environ["SECRET_KEY"]
ALLOWED_HOSTS = ["*"]
INSTALLED_APPS = APPS
MIDDLEWARE = [*SECURITY, *REST]
# Django's default: a new connection for each request.
DATABASES = {"default": database()}
CELERY_BROKER_URL = os.environ["CELERY_BROKER_URL"]
