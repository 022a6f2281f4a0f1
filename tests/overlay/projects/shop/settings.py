"""A top-level module with a key in it; django-environ; tuples."""

import os

import environ

env = environ.Env()


def location(name: str) -> str:
    return os.path.join(os.path.dirname(os.path.realpath(__file__)), name)


DEBUG = env.bool("SHOP_DEBUG", default=True)
SECRET_KEY = env.str("SECRET_KEY", default="UajFCuyjDKmWHe29neauXzHi9eZoRXr6RMbT5JyAdPiACBP6Cra2")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1"])
EMAIL_SUBJECT_PREFIX = "[Shop] "
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DATABASES = {
    "default": {
        "ENGINE": os.environ.get("DATABASE_ENGINE", "django.db.backends.sqlite3"),
        "NAME": os.environ.get("DATABASE_NAME", location("db.sqlite")),
        "USER": os.environ.get("DATABASE_USER"),
        "PASSWORD": os.environ.get("DATABASE_PASSWORD"),
        "HOST": os.environ.get("DATABASE_HOST"),
        "PORT": os.environ.get("DATABASE_PORT"),
        "ATOMIC_REQUESTS": True,
        "TEST": {"NAME": "test_shop"},
    }
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "LOCATION": ["memcached-0:11211", "memcached-1:11211"],
        "TIMEOUT": 900,
        "OPTIONS": {"timeout": 1, "ignore_exc": True},
    },
    "thumbnails": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "thumbnails"},
}
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
USE_TZ = True
TIME_ZONE = "Europe/London"
LANGUAGE_CODE = "en-gb"
MEDIA_ROOT = location("public/media")
MEDIA_URL = "/media/"
THUMBNAIL_KEY_PREFIX = "shop"
STATIC_URL = "/static/"
STATIC_ROOT = location("public/static")
STATICFILES_DIRS = [location("static/")]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
]
MIDDLEWARE = (
    "toolbar.ToolbarMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
)
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": True,
    "formatters": {"verbose": {"format": "%(levelname)s %(asctime)s %(module)s %(message)s"}},
    "filters": {"require_debug_false": {"()": "django.utils.log.RequireDebugFalse"}},
    "handlers": {
        "null": {"level": "DEBUG", "class": "logging.NullHandler"},
        "console": {"level": "DEBUG", "class": "logging.StreamHandler", "formatter": "verbose"},
        "checkout_file": {
            "level": "INFO",
            "class": "logging.FileHandler",
            "filename": location("checkout.log"),
            "delay": True,
        },
        "mail_admins": {
            "level": "ERROR",
            "filters": ["require_debug_false"],
            "class": "django.utils.log.AdminEmailHandler",
        },
    },
    "loggers": {
        "django.request": {"handlers": ["mail_admins", "console"], "level": "ERROR", "propagate": False},
        "django.db.backends": {"handlers": ["null"], "level": "DEBUG", "propagate": False},
        "shop.checkout": {"handlers": ["console", "checkout_file"], "level": "INFO", "propagate": True},
        "shop.alerts": {"handlers": ["null"], "level": "INFO", "propagate": False},
    },
}
SEARCH = {"PATH": location("whoosh_index")}
SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS = env.int("SECURE_HSTS_SECONDS", default=0)
