"""Six layouts of projects, each with what must not get into an image. Texts with the word SECRET are such."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from support.need import need

# What a database looks like, whatever it is called.
DATABASE = "SQLite format 3\0SECRET"
MANAGE = "import os\n"
VARIABLES = "DJANGO_SECRET_KEY=SECRET\n"


@dataclass(frozen=True)
class Layout:
    """Files by name, those that get into the image, and the arguments of the build."""

    files: dict[str, str]
    image: set[str]  # relative to the project, without ignore files
    folder: str = "."
    allow: str = ""
    tracked: tuple[str, ...] = field(default=())  # what git tracks although .gitignore names it

    def write(self, top: Path) -> Path:
        for name, text in self.files.items():
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(text)
        if self.tracked:
            git(top, "init", "-q")
            git(top, "add", "-f", *self.tracked)
        return top


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody without a configuration; return its output."""
    need("git", shutil.which("git"), "install git")
    command = ("git", "-c", "core.excludesFile=", "-c", "safe.directory=*", *arguments)
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def files(top: Path) -> set[str]:
    """The files below a directory, without ignore files."""
    paths = (path for path in top.rglob("*") if path.is_file() or path.is_symlink())
    return {str(path.relative_to(top)) for path in paths if path.name not in (".gitignore", ".dockerignore")}


LAYOUTS = {
    # Generated with Docker support: production variables in a directory that just .dockerignore names.
    "environment files": Layout(
        files={
            ".dockerignore": ".editorconfig\n.gitignore\n.envs/\n/secret-notes\n",
            ".gitignore": "*.mo\n.env\nshop/media/\n",
            ".editorconfig": "root = true\n",
            ".envs/.production/.django": VARIABLES,
            ".envs/.production/.postgres": "POSTGRES_PASSWORD=SECRET\n",
            ".envs/.local/.django": VARIABLES,
            "secret-notes/today": "SECRET",
            "config/settings/base.py": MANAGE,
            "config/settings/local.py": MANAGE,
            "compose/production/django/start": "#!/bin/sh\n",
            "locale/de/LC_MESSAGES/django.mo": "built\n",
            "manage.py": MANAGE,
            "shop/media/photo.jpg": "SECRET",
        },
        image={
            *("config/settings/base.py", "config/settings/local.py", "compose/production/django/start"),
            *("locale/de/LC_MESSAGES/django.mo", "manage.py"),
        },
        allow="**/*.mo",
    ),
    # Everything beside manage.py, and settings of one machine that the others import.
    "root": Layout(
        files={
            ".gitignore": "*.pyc\nhc.sqlite\nhc/local_settings.py\nstatic-collected\n!keep.pyc\n",
            "hc.sqlite": DATABASE,
            "hc/local_settings.py": "SECRET_KEY = 'SECRET'\n",
            "hc/settings.py": MANAGE,
            "hc/empty.sqlite": "",
            "manage.py": MANAGE,
            "static-collected/x.css": "SECRET",
            "chart/Chart.yaml": "name: SECRET\n",
            "chart/templates/web.yaml": "SECRET",
        },
        image={"hc/settings.py", "hc/empty.sqlite", "manage.py"},
    ),
    # Only what .dockerignore brings back.
    "src": Layout(
        files={
            ".dockerignore": "*\n!src\n!pyproject.toml\n**/*.pem\n",
            ".gitignore": "/src/public_collected/*\n!/src/public_collected/.keep\n",
            "notes": "SECRET",
            "pyproject.toml": "[project]\n",
            "src/certificate.pem": "SECRET",
            "src/config/settings.py": MANAGE,
            "src/manage.py": MANAGE,
            "src/public_collected/.keep": "\n",
            "src/public_collected/x.css": "SECRET",
        },
        image={"config/settings.py", "manage.py", "public_collected/.keep"},
        folder="src",
    ),
    # A site for trying out a package; the ignore files are those of the package.
    "sub-folder": Layout(
        files={
            ".dockerignore": "sandbox/public/\n",
            ".gitignore": "/sandbox/*.sqlite\n/sandbox/whoosh_index/\n",
            "sandbox/db.sqlite": DATABASE,
            "sandbox/manage.py": MANAGE,
            "sandbox/public/media/photo.jpg": "SECRET",
            "sandbox/settings.py": MANAGE,
            "sandbox/whoosh_index/MAIN_1.seg": "SECRET",
            "src/package/__init__.py": MANAGE,
        },
        image={"manage.py", "settings.py"},
        folder="sandbox",
    ),
    # Several services, each with ignore files of its own.
    "monorepo": Layout(
        files={
            ".gitignore": "*.local\n",
            "services/mail/credentials.json": '{"password": "SECRET"}',
            "services/shop/.dockerignore": "/fixtures\n",
            "services/shop/.gitignore": "/dumps/\n*.dat\n",
            "services/shop/deploy/Chart.yaml": "name: SECRET\n",
            "services/shop/deploy/values.yaml": "SECRET",
            "services/shop/dumps/monday.dump": "SECRET",
            "services/shop/fixtures/users.json": "SECRET",
            "services/shop/manage.py": MANAGE,
            "services/shop/shop/.gitignore": "!public.dat\n",
            "services/shop/shop/fixtures/countries.json": "[]\n",
            "services/shop/shop/private.dat": "SECRET",
            "services/shop/shop/public.dat": "data\n",
            "services/shop/shop/settings.local": "SECRET",
        },
        image={"manage.py", "shop/fixtures/countries.json", "shop/public.dat"},
        folder="services/shop",
    ),
    # Uploads, an index, a database without a suffix; git tracks some of what its patterns name.
    "uploads": Layout(
        files={
            ".gitignore": "/bakerydb\n*.db\ncollect_static\nbakery/media/**\n!bakery/media/README\nlib/\nbakery/settings/local.py\n",
            "bakerydb": DATABASE,
            "bakery/lib/vendor.js": "tracked\n",
            "bakery/lib/mine.js": "SECRET",
            "bakery/media/README": "Uploads go here.\n",
            "bakery/media/images/mine.jpg": "SECRET",
            "bakery/settings/base.py": MANAGE,
            "bakery/settings/local.py": "SECRET",
            "collect_static/x.css": "SECRET",
            "manage.py": MANAGE,
            "x.db": DATABASE,
        },
        image={"bakery/lib/vendor.js", "bakery/media/README", "bakery/settings/base.py", "manage.py"},
        tracked=("bakery/lib/vendor.js", "manage.py"),
    ),
}
