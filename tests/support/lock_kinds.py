"""One small project with a lock file of each kind, and what the tool that made the file installs from it."""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from support.layouts import git
from support.patience import patience

BIN = Path(sys.executable).parent
STORED = Path(__file__).resolve().parent.parent / "image" / "locks"

_PYPROJECT = """
[project]
name = "shop"
version = "1.0"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["django>=5.2,<6", "gunicorn==23.0.0", "common", "colorama>=0.4; sys_platform == 'win32'"]

[project.optional-dependencies]
cache = ["idna==3.10"]
unused = ["six==1.16.0"]

[dependency-groups]
prod = ["certifi==2025.1.31"]
dev = ["iniconfig==2.0.0"]
"""
_BACKEND = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
_COMMON = '\n[tool.uv.sources]\ncommon = {path = "libs/common"}\n'
# The modules stand in src, so nobody finds them unless the project is installed.
_PACKAGE = '\n[tool.hatch.build.targets.wheel]\npackages = ["src/shop"]\n\n[project.scripts]\nshopctl = "shop:main"\n'
_FILES = {
    ".dockerignore": "*.md\n",  # but a package cannot be built without its readme
    ".gitignore": "*.pyc\n",
    "README.md": "The shop.\n",
    "build.env": "# Dummies.\nexport SHOP_KEY='dummy'\n",
    "libs/common/common/__init__.py": "VALUE = 2\n",
    "libs/common/pyproject.toml": '[project]\nname = "common"\nversion = "2.0"\n' + _BACKEND,
    "manage.py": "import sys\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n",
    "shop/__init__.py": "def main():\n    print('the shop')\n",
    "shop/settings.py": """import os
SECRET_KEY = os.environ["SHOP_KEY"]
INSTALLED_APPS = ["django.contrib.staticfiles", "shop"]
STATIC_URL = "/static/"
STATIC_ROOT = os.environ["STATIC_ROOT"]
ROOT_URLCONF = "shop.urls"
""",
    "shop/static/shop/a.css": "body { margin: 0 }\n",
    "shop/urls.py": "urlpatterns = []\n",
}
# The modules that Poetry and Pipenv lock here depend on a network and a tool of many packages, so their locks are stored.
CHOSEN = {"LOCK": "uv.lock", "GROUPS": "prod", "EXTRAS": "cache"}


def write(folder: Path, **files: str) -> Path:
    """Write a Django project that depends on a package in a directory of its own."""
    for name, text in {**_FILES, **files}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def uv_package(folder: Path) -> Path:
    """Write a project that is a package in src, locked by uv."""
    write(folder, **{"pyproject.toml": _PYPROJECT + _COMMON + _PACKAGE + _BACKEND})
    (folder / "src").mkdir()
    shutil.move(folder / "shop", folder / "src" / "shop")
    uv("lock", cwd=folder)
    return folder


def uv_workspace(folder: Path) -> Path:
    """Write a workspace whose lock is above the project, with a member that the project does not need."""
    write(folder)
    sources = "\n[tool.uv.sources]\ncommon = {workspace = true}\n"
    texts = {
        "pyproject.toml": '[tool.uv.workspace]\nmembers = ["backend", "libs/*", "other"]\n',
        "backend/pyproject.toml": _PYPROJECT + sources,
        "other/pyproject.toml": '[project]\nname = "other"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["toml==0.10.2"]\n',
    }
    for name in ("manage.py", "shop"):
        (folder / "backend").mkdir(exist_ok=True)
        shutil.move(folder / name, folder / "backend" / name)
    for name, text in texts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    uv("lock", cwd=folder)
    return folder


def pylock(folder: Path) -> Path:
    """Write a project with a pylock.toml."""
    write(folder, **{"pyproject.toml": _PYPROJECT + _COMMON})
    uv("lock", cwd=folder)
    uv("export", "--no-dev", "--group", "prod", "--extra", "cache", "-o", "pylock.toml", cwd=folder)
    return folder


def stored(folder: Path, lock: str) -> Path:
    """Write a project with a lock file that is kept beside the tests."""
    write(folder)
    for path in (STORED / lock).iterdir():
        shutil.copy(path, folder)
    return folder


def requirements(folder: Path, repository: str) -> Path:
    """Write a project with requirements files that include others, a directory, itself and a repository."""
    write(folder, **{"pyproject.toml": _PYPROJECT + _BACKEND})
    (folder / "requirements").mkdir()
    (folder / "requirements" / "constraints.txt").write_text("sqlparse==0.5.3\nidna==3.10\n")
    (folder / "requirements" / "base.txt").write_text(
        f"-c constraints.txt\n-e ./libs/common  # ours\ngreeting @ git+{repository}\n"
    )
    (folder / "requirements" / "production.txt").write_text("-r base.txt\n-e .[cache]\ncertifi==2025.1.31\n")
    return folder


@contextlib.contextmanager
def repository(folder: Path) -> Iterator[str]:
    """Serve a git repository with a package by HTTP on this machine; the value is its address."""
    source = folder / "source"
    (source / "greeting").mkdir(parents=True)
    (source / "greeting" / "__init__.py").write_text("")
    (source / "pyproject.toml").write_text('[project]\nname = "greeting"\nversion = "3.0"\n' + _BACKEND)
    git(source, "init", "-q", "-b", "main")
    git(source, "add", ".")
    git(source, "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "-m", "A greeting")
    git(folder, "clone", "-q", "--bare", str(source), "greeting.git")
    git(folder / "greeting.git", "update-server-info")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/greeting.git"
        server.shutdown()


def uv(*arguments: str | Path, cwd: Path, **variables: str) -> str:
    """Run uv for this Python; return its output."""
    settings = {"UV_SYSTEM_CERTS": "1", "UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
    return run(BIN / "uv", *arguments, cwd=cwd, **settings, **variables)


def run(*command: str | Path, cwd: Path, **variables: str) -> str:
    """Run a program as somebody without an environment of Python packages; return its output."""
    left_out = ("VIRTUAL_ENV", "PYTHONPATH")
    environment = {name: value for name, value in os.environ.items() if name not in left_out}
    done = subprocess.run(
        [*map(str, command)], cwd=cwd, env={**environment, **variables},
        capture_output=True, text=True, timeout=patience(300), check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
    return done.stdout


def packages(listed: str) -> set[str]:
    """Return ``name==version`` of what ``pip list --format json`` lists, without tools of packaging."""
    names = {re.sub(r"[-_.]+", "-", entry["name"].lower()): entry["version"] for entry in json.loads(listed)}
    return {
        f"{name}=={version}" for name, version in names.items() if name not in ("pip", "setuptools", "wheel")
    }
