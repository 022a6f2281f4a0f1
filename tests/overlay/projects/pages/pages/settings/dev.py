"""Development; wsgi.py and manage.py name this module."""

from .base import *  # noqa: F403

DEBUG = True
SECRET_KEY = "c6u0-9c!7nilj_ysatsda0(f@e_2mws2f!6m0n^o*4#*q#kzp)"
ALLOWED_HOSTS = ["localhost"]
