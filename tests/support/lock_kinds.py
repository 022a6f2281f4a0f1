"""One small project with a lock file of each kind, and what the tool that made the file installs from it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from support.patience import patience

ROOT = Path(__file__).resolve().parent.parent.parent
BIN = Path(sys.executable).parent

_PYPROJECT = """
[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["django>=5.2,<6", "gunicorn==23.0.0", "common", "colorama>=0.4; sys_platform == 'win32'"]

[project.optional-dependencies]
cache = ["idna==3.10"]
unused = ["six==1.16.0"]

[dependency-groups]
prod = ["certifi==2025.1.31"]
dev = ["iniconfig==2.0.0"]
"""
_BUILD = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
_UV = '\n[tool.uv.sources]\ncommon = {path = "libs/common"}\n'
_POETRY = """
[tool.poetry]
package-mode = false

[tool.poetry.dependencies]
common = {path = "libs/common", develop = true}

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"
"""
_SETTINGS = """
import os
SECRET_KEY = os.environ["SHOP_KEY"]
INSTALLED_APPS = ["django.contrib.staticfiles", "shop"]
STATIC_URL = "/static/"
STATIC_ROOT = os.environ["STATIC_ROOT"]
ROOT_URLCONF = "shop.urls"
"""
_MANAGE = "import sys\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n"


def project(folder: Path, more: str = "") -> Path:
    """Write a Django project in ``folder`` that depends on a package in a directory of its own."""
    files = {
        "pyproject.toml": _PYPROJECT + more,
        "manage.py": _MANAGE,
        "shop/__init__.py": "",
        "shop/settings.py": _SETTINGS,
        "shop/urls.py": "urlpatterns = []\n",
        "shop/static/shop/a.css": "body { margin: 0 }\n",
        "build.env": "SHOP_KEY=dummy\n",
        "libs/common/pyproject.toml": '[project]\nname = "common"\nversion = "2.0"\n' + _BUILD,
        "libs/common/common/__init__.py": "VALUE = 2\n",
        ".gitignore": "*.pyc\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Run a tool of Python packages as somebody without an environment of his own."""
    environment = {
        name: value for name, value in os.environ.items() if name not in ("VIRTUAL_ENV", "PYTHONPATH")
    }
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd, env={**environment, "UV_SYSTEM_CERTS": "1", "UV_PYTHON_DOWNLOADS": "never", **variables},
        capture_output=True, text=True, timeout=patience(300), check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


def uv(*arguments: str | Path, cwd: Path, **variables: str) -> str:
    return run(BIN / "uv", *arguments, cwd=cwd, **variables)


def packages(listed: str) -> set[str]:
    """Return ``name==version`` of each package that ``pip list --format json`` lists, without tools of packaging."""
    names = {re.sub(r"[-_.]+", "-", entry["name"].lower()): entry["version"] for entry in json.loads(listed)}
    return {
        f"{name}=={version}" for name, version in names.items() if name not in ("pip", "setuptools", "wheel")
    }
