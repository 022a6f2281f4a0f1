"""What every environment shares; secrets in a file of the data folder."""

import json
import os
from pathlib import Path

PROJECT_PACKAGE = Path(__file__).resolve().parent.parent
BASE_DIR = PROJECT_PACKAGE.parent
DATA_DIR = Path(os.environ.get("SITES_DATA_DIR", BASE_DIR))

try:
    SECRETS = json.loads(DATA_DIR.joinpath("conf", "secrets.json").read_text())
except OSError:
    SECRETS = {"secret_key": "a"}

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("SITES_DB_NAME", "sites"),
        "USER": SECRETS.get("db_user", "sites"),
        "HOST": SECRETS.get("db_host", ""),
        "PASSWORD": SECRETS.get("db_password", ""),
        "PORT": SECRETS.get("db_port", ""),
    },
    "trac": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "trac",
        "USER": SECRETS.get("trac_db_user", "trac"),
        "HOST": SECRETS.get("trac_db_host", ""),
        "PASSWORD": SECRETS.get("trac_db_password", ""),
        "PORT": SECRETS.get("trac_db_port", ""),
        "TEST": {"MIRROR": "default"},
    },
}
DATABASE_ROUTERS = ["sites.router.TracRouter"]
DEFAULT_FROM_EMAIL = "noreply@example.com"
SERVER_EMAIL = "root@example.com"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
LANGUAGE_CODE = "en-us"
TIME_ZONE = "America/Chicago"
USE_TZ = False
LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "formatters": {
        "simple": {"format": "[%(name)s] %(levelname)s: %(message)s"},
        "full": {"format": "%(asctime)s [%(name)s] %(levelname)s: %(message)s"},
    },
    "handlers": {"console": {"level": "DEBUG", "class": "logging.StreamHandler", "formatter": "simple"}},
    "loggers": {"django.request": {"handlers": [], "level": "ERROR", "propagate": False}},
}
MEDIA_URL = "/m/"
STATIC_URL = "/s/"
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "sites.middleware.HostsRequestMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.common.CommonMiddleware",
    "sites.middleware.HostsResponseMiddleware",
]
ROOT_URLCONF = "sites.urls"
SECRET_KEY = str(SECRETS["secret_key"])
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTOCOL", "https")
SILENCED_SYSTEM_CHECKS = ["security.W008"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
