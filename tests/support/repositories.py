"""Small git repositories with Django projects in them, of the shapes that people have."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

MANAGE = """
import os, sys
def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{module}")
    from django.core.management import execute_from_command_line
    execute_from_command_line(sys.argv)
if __name__ == "__main__":
    main()
"""
WSGI = """
import os
from django.core.wsgi import get_wsgi_application
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "{module}")
application = get_wsgi_application()
"""
SETTINGS = """
import os
from pathlib import Path
BASE_DIR = Path(__file__).resolve().parent.parent
SECRET_KEY = os.environ["SHOP_KEY"]
DEBUG = False
ALLOWED_HOSTS = []
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes"]
MIDDLEWARE = ["django.middleware.security.SecurityMiddleware"]
ROOT_URLCONF = "shop.urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "shop"}}
STATIC_URL = "static/"
WSGI_APPLICATION = "shop.wsgi.application"
"""
URLS = "from django.http import HttpResponse\nfrom django.urls import path\nurlpatterns = [path('', lambda r: HttpResponse('hello'))]\n"


def shop(folder: str = "", **more: str) -> dict[str, str]:
    """The files of a project with one settings module, in ``folder``. ``more`` are texts of settings to add."""
    start = f"{folder}/" if folder else ""
    return {
        f"{start}manage.py": MANAGE.format(module="shop.settings"),
        f"{start}shop/__init__.py": "",
        f"{start}shop/settings.py": SETTINGS + more.get("settings", ""),
        f"{start}shop/wsgi.py": WSGI.format(module="shop.settings"),
        f"{start}shop/urls.py": URLS,
        "requirements.txt": "Django==5.2.1\npsycopg[binary]==3.2.1\n",
    }


def package(**modules: str) -> dict[str, str]:
    """The files of a project with a settings package; wsgi.py and manage.py name ``local``."""
    files = {name: text.replace("shop.settings", "shop.settings.local") for name, text in shop().items()}
    base = files.pop("shop/settings.py")
    texts = {"__init__": "", "base": base, "local": "from .base import *\nDEBUG = True\n", **modules}
    return files | {f"shop/settings/{name}.py": text for name, text in texts.items()}


def repository(root: Path, files: Mapping[str, str]) -> Path:
    """Write ``files`` to a new git repository at ``root``, and commit them."""
    root.mkdir(parents=True, exist_ok=True)
    add(root, files)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return root


def add(root: Path, files: Mapping[str, str]) -> None:
    """Write ``files`` below ``root``."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def commit(root: Path) -> None:
    """Commit everything that is there."""
    git(root, "add", "-A")
    git(
        root,
        "-c",
        "user.name=test",
        "-c",
        "user.email=test@example.com",
        "commit",
        "-q",
        "--allow-empty",
        "-m",
        "test",
    )


def git(root: Path, *arguments: str) -> str:
    """Run git at ``root``, and return what it prints."""
    return subprocess.run(
        ["git", "-C", str(root), *arguments], check=True, capture_output=True, text=True
    ).stdout
