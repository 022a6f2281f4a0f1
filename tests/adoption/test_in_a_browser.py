"""What the script sees of a site in a real browser: a small site that is right, and the same with a fault."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import example
from support.need import need, program
from support.ports import free_ports
from support.process import environment, started

from adoption import browser, inside

pytestmark = pytest.mark.browser

SITE = """
import os, sys
from pathlib import Path
from django.conf import settings
from django.core.management import execute_from_command_line
from django.http import HttpResponse
from django.urls import path

HERE = Path(__file__).parent
APPS = ["admin", "auth", "contenttypes", "sessions", "messages", "staticfiles"]
settings.configure(
    DEBUG=True, SECRET_KEY="x", ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], USE_TZ=True, STATIC_URL="/static/",
    MEDIA_URL="/media/", MEDIA_ROOT=HERE / "media", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=[f"django.contrib.{name}" for name in APPS] + ["shelf"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": HERE / "db.sqlite3"}},
    MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware", "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware", "django.middleware.csrf.CsrfViewMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {"context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}],
)
import django
django.setup()
from django.conf.urls.static import static
from django.contrib import admin

urlpatterns = [
    path("", lambda request: HttpResponse("<link rel=stylesheet href=/static/admin/css/base.css><h1>Right</h1>")),
    path("broken/", lambda request: HttpResponse("<link rel=stylesheet href=/static/none.css><script>nothing()</script>")),
    path("admin/", admin.site.urls),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]
if __name__ == "__main__":
    execute_from_command_line(sys.argv)
"""
MODELS = """
from django.db import models

class Book(models.Model):
    title = models.CharField(max_length=50)
    number = models.PositiveIntegerField()
    published = models.DateTimeField()
    kind = models.CharField(max_length=9, choices=[("novel", "Novel"), ("atlas", "Atlas")])
    cover = models.ImageField(upload_to="covers")
    remark = models.TextField(blank=True)

class Cat(models.Model):
    name = models.CharField(max_length=50)
"""
ADMIN = (
    "from django.contrib import admin\nfrom shelf.models import Book, Cat\nadmin.site.register([Book, Cat])\n"
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    (folder / "shelf").mkdir()
    for name, text in {
        "site_.py": SITE,
        "shelf/__init__.py": "",
        "shelf/models.py": MODELS,
        "shelf/admin.py": ADMIN,
    }.items():
        (folder / name).write_text(text)
    variables = {**os.environ, "DJANGO_SUPERUSER_PASSWORD": "secret"}
    user = ["createsuperuser", "--noinput", "--username", "admin", "--email", "a@example.org"]
    for command in (["makemigrations", "shelf"], ["migrate"], user):
        subprocess.run(
            [sys.executable, "site_.py", *command], cwd=folder, env=variables, check=True, capture_output=True
        )
    return folder


@pytest.fixture(scope="module")
def site(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Browser]:
    need("Chromium", program("chromium") or program("google-chrome"), "install chromium")
    port = free_ports(1)
    command = [sys.executable, "-u", "site_.py", "runserver", "--noreload", f"127.0.0.1:{port}"]
    with started(command, environment(), folder, folder / "log") as process:
        process.wait_for_output("Quit the server", 60)
        with browser.opened(f"http://127.0.0.1:{port}/", tmp_path_factory.mktemp("pictures"), []) as found:
            yield found


def ask(folder: Path, question: str, *arguments: str) -> SimpleNamespace:
    """Ask as the script asks in a pod; a module that configures the settings stands for DJANGO_SETTINGS_MODULE."""
    text = "import sys; sys.path.insert(0, '.'); import site_\n" + Path(inside.__file__).read_text().replace(
        "from __future__ import annotations\n", ""
    )
    done = subprocess.run(
        [sys.executable, "-", question, *arguments],
        input=text,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return SimpleNamespace(**json.loads(done.stdout.splitlines()[-1]))


def test_a_right_page_and_a_broken_one(site: browser.Browser) -> None:
    right, broken, missing = (
        site.page("start", "/"),
        site.page("broken", "/broken/"),
        site.page("404", "/none/", expected=404),
    )

    assert right.right, right
    assert (right.status, right.files) == (200, 1)
    assert not broken.right
    assert broken.failed == ["404 /static/none.css"]
    assert broken.errors
    assert missing.right, missing
    assert site.page("start", "/none/").wrong == "200 was expected"


def test_login_and_upload_through_the_admin(site: browser.Browser, folder: Path, tmp_path: Path) -> None:
    """The form is found and filled in by what the running project says about it."""
    known = ask(folder, "pages")
    account = {"username": "admin", "email": "a@example.org", "password": "secret"}
    picture = tmp_path / "picture.png"
    picture.write_bytes(example.picture(size=(40, 30)))

    assert known.admin == "/admin/"
    assert [form["model"] for form in known.forms] == ["shelf.Book"]
    assert site.login("/admin/", {**account, "password": "wrong"}).wrong == "the login form came back"
    assert site.login("/admin/", account).right
    seen = site.upload(known.forms[0], picture)
    assert seen.right, seen
    status, body = site.fetch(ask(folder, "stored", "shelf.Book", "cover").url)
    assert (status, body) == (200, picture.read_bytes())
    assert "the form came back" in site.upload({**known.forms[0], "fill": {}}, picture).wrong
