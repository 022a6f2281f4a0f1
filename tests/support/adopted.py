"""A project of somebody else in a git repository, and the command line on it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import django_k8s
from support.process import environment, run

FILES = {
    "manage.py": """\
        import os, sys

        if __name__ == "__main__":
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.production")
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
        """,
    "requirements.txt": "Django==5.2.4\npsycopg[binary]==3.2.9\ncelery==5.5.3\nredis==5.2.1\n",
    "shop/__init__.py": "",
    "shop/celery.py": """\
        from celery import Celery

        app = Celery("shop")
        app.config_from_object("django.conf:settings", namespace="CELERY")
        """,
    "shop/urls.py": "urlpatterns = []\n",
    "shop/wsgi.py": """\
        import os

        from django.core.wsgi import get_wsgi_application

        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings.production")
        application = get_wsgi_application()
        """,
    "shop/settings/__init__.py": "",
    "shop/settings/base.py": """\
        import os
        from pathlib import Path

        BASE_DIR = Path(__file__).resolve().parent.parent.parent
        SECRET_KEY = os.environ["SECRET_KEY"]
        INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.staticfiles"]
        MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
        ROOT_URLCONF = "shop.urls"
        WSGI_APPLICATION = "shop.wsgi.application"
        STATIC_URL = "static/"
        STATIC_ROOT = BASE_DIR / "static-root"
        CELERY_BROKER_URL = os.environ.get("REDIS_URL")
        CELERY_TASK_ROUTES = {"shop.tasks.mail": {"queue": "mail"}}
        DATABASES = {
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": os.environ["POSTGRES_DB"],
                "HOST": os.environ["POSTGRES_HOST"],
            }
        }
        """,
    "shop/settings/production.py": """\
        from .base import *

        DEBUG = False
        ALLOWED_HOSTS = ["shop.example.com"]
        """,
}  # fmt: skip


@dataclass
class Repository:
    """A git repository, and ways to change it."""

    root: Path

    def git(self, *arguments: str) -> str:
        """Run git; return what it prints."""
        command = [
            "git",
            "-C",
            str(self.root),
            "-c",
            "user.name=Ada",
            "-c",
            "user.email=ada@example.com",
            *arguments,
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def commit(self) -> None:
        """Commit everything, so that the tree is clean."""
        self.git("add", "-A")
        self.git("commit", "-qm", "change", "--allow-empty")

    def write(self, name: str, text: str) -> None:
        """Write a file; its indentation is that of the test."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(plain(text))

    def read(self, name: str) -> str:
        """Return the text of a file."""
        return (self.root / name).read_bytes().decode()

    def command(
        self, *arguments: str, package: Path | None = None, **variables: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``django-k8s`` in the repository; ``package`` is a folder with another version of the library."""
        path = {"PYTHONPATH": str(package)} if package else {}
        return run(
            [sys.executable, "-P", "-m", "django_k8s.cli", *arguments],
            environment(**path, **variables),
            self.root,
        )

    def adopt(self, *arguments: str) -> None:
        """Run ``init`` and commit what it writes."""
        done = self.command("init", "--yes", "--no-load", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        self.commit()


def repository(folder: Path, files: Mapping[str, str] = FILES, **changed: str | None) -> Repository:
    """Make a repository with ``files`` and commit them."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Repository(folder)
    made.git("init", "-q", "-b", "main")
    for name, text in {**files, **changed}.items():
        if text is not None:
            made.write(name, text)
    made.commit()
    return made


def plain(text: str) -> str:
    """Return a text without the indentation of its first line."""
    first = len(text) - len(text.lstrip(" "))
    return "".join(
        line[min(first, len(line) - len(line.lstrip(" "))) :] for line in text.splitlines(keepends=True)
    )


def newer(folder: Path, version: str, changes: Mapping[str, tuple[str, str]]) -> Path:
    """Copy the installed library as another version, with a text replaced in each file that ``changes`` names."""
    package = folder / "django_k8s"
    shutil.copytree(Path(django_k8s.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    every = {
        **changes,
        "__init__.py": (f'__version__ = "{django_k8s.__version__}"', f'__version__ = "{version}"'),
    }
    for name, (old, new) in every.items():
        path = package / name
        text = path.read_text()
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new, 1))
    return folder
