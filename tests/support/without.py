"""Environments without a library that this one has, and a project that does not use it."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

from support.process import environment, run

CELERY = ("celery", "kombu", "billiard", "vine", "amqp", "django_celery_beat", "flower")

SETTINGS = """
from pathlib import Path

from django_k8s import Env
from django_k8s import settings as k8s

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env(BASE_DIR)

DEBUG = env.debug
SECRET_KEY = k8s.secret_key(env)
ALLOWED_HOSTS = k8s.allowed_hosts(env)
SECURE_SSL_REDIRECT = k8s.ssl_redirect(env)
SECURE_HSTS_SECONDS = k8s.hsts_seconds(env)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = k8s.https(env)
DATABASES = {"default": k8s.database(env)}
CACHES = {"default": k8s.cache(env)}
STORAGES = {"default": k8s.media_storage(env), "staticfiles": k8s.static_storage(env)}
STATIC_URL, STATIC_ROOT = k8s.static(env)
LOGGING = k8s.logging(env)
INSTALLED_APPS = ["django_k8s", "django.contrib.staticfiles"]
MIDDLEWARE = ["django_k8s.middleware.KubernetesMiddleware", "django_k8s.middleware.StaticFilesMiddleware"]
ROOT_URLCONF = "shop.urls"
DJANGO_K8S = k8s.config(env)
"""

URLS = """
import sys

from django.http import JsonResponse
from django.urls import path

urlpatterns = [path("modules", lambda request: JsonResponse(sorted(sys.modules), safe=False))]
"""


def python_without(folder: Path, names: tuple[str, ...] = CELERY) -> str:
    """Make a virtual environment with all that is installed here but for ``names``; return its interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    source = Path(sysconfig.get_path("purelib"))
    target = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    for entry in source.iterdir():
        if not entry.name.lower().replace("-", "_").startswith(names):
            (target / entry.name).symlink_to(entry)
    return str(folder / "bin" / "python")


def environment_of(python: str, **variables: str) -> dict[str, str]:
    """An environment in which ``python`` is the first on PATH."""
    env = environment(**variables)
    return {**env, "PATH": os.pathsep.join([str(Path(python).parent), env["PATH"]])}


def shop(folder: Path) -> Path:
    """Write a project without Celery, as `startproject` makes it, with this library in its settings."""
    folder.mkdir()
    args = [sys.executable, "-m", "django", "startproject", "shop", str(folder)]
    done = run(args, environment(), folder)
    assert done.returncode == 0, done.stderr
    (folder / "shop" / "settings.py").write_text(SETTINGS)
    (folder / "shop" / "urls.py").write_text(URLS)
    return folder
