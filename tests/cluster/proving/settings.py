"""The example's settings, with this application."""

from config.settings import *  # noqa: F403
from config.settings import INSTALLED_APPS

INSTALLED_APPS = ["proving", *INSTALLED_APPS]
ROOT_URLCONF = "proving.urls"
