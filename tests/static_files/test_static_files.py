"""Static files: hashed, compressed, cached for good, and a missing one for no time at all."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ports import free_port
from support.process import Response, answers, environment, get, run, started, wait_until

# One process makes what all of these tests use.
pytestmark = pytest.mark.xdist_group("static")

PROJECT = Path(__file__).resolve().parent.parent / "project"
URLS = """
from django.http import HttpResponse
from django.templatetags.static import static
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse(static("app/style.css")))]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a gunicorn whose files were collected in the build phase, as in an image."""
    folder = tmp_path_factory.mktemp("static")
    (folder / "urls.py").write_text(URLS)
    app = folder / "app"
    (app / "static" / "app").mkdir(parents=True)
    (app / "__init__.py").write_text("")
    (app / "static" / "app" / "style.css").write_text("body { color: black }\n" * 200)
    base = {
        "DJANGO_SETTINGS_MODULE": "project.settings", "PYTHONPATH": f"{folder}:{PROJECT}", "TEST_URLCONF": "urls",
        "TEST_APPS": "app", "STATIC_ROOT": str(folder / "collected"),
    }  # fmt: skip
    # Neither secret, database nor broker: the build phase needs none.
    build = environment(**base, BUILD_PHASE="1")
    subprocess.run(
        [sys.executable, "-m", "django", "collectstatic", "--noinput"],
        env=build,
        cwd=folder,
        check=True,
        capture_output=True,
    )
    # What the last release left behind, and this one no longer has.
    (folder / "collected" / "app" / "old.0123456789ab.css").write_text("body { color: red }\n")
    port = free_port()
    serve = environment(
        **base,
        SECRET_KEY="k" * 50,
        ALLOWED_HOSTS="*",
        HTTPS="false",
        DATABASE_URL="sqlite://:memory:",
        CELERY_BROKER_URL="memory://",
    )
    command = [sys.executable, "-m", "gunicorn", "-b", f"127.0.0.1:{port}", "project.wsgi:application"]
    with started(command, serve, folder, folder / "web.log"):
        wait_until(lambda: answers(port), 30, "gunicorn")
        yield port


@pytest.fixture(scope="module")
def address(site: int) -> str:
    """The hashed path of the style sheet, as a page names it."""
    return get(site).text


def fetch(port: int, path: str, encoding: str = "identity") -> Response:
    return get(port, path, headers={"Accept-Encoding": encoding})


def test_hashed_and_immutable(site: int, address: str) -> None:
    """A file with a hash in its name is cached for ever."""
    answer = fetch(site, address)

    assert re.fullmatch(r"/static/app/style\.[0-9a-f]{12}\.css", address)
    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]


@pytest.mark.parametrize(("accepted", "sent"), [("br, gzip", "br"), ("gzip", "gzip"), ("identity", None)])
def test_compressed(site: int, address: str, accepted: str, sent: str | None) -> None:
    """Brotli and gzip were made at build time."""
    answer = fetch(site, address, accepted)

    assert answer.headers.get("content-encoding") == sent
    assert "Accept-Encoding" in answer.headers["vary"]


def test_file_of_the_last_release(site: int) -> None:
    """A hashed file that the manifest no longer knows is served, and cached for ever."""
    answer = fetch(site, "/static/app/old.0123456789ab.css")

    assert answer.status == 200
    assert "immutable" in answer.headers["cache-control"]


def test_original_names(site: int) -> None:
    """A file is served by its original name too, which mails and scripts use; that answer is not kept for long."""
    answer = fetch(site, "/static/app/style.css", "br")

    assert (answer.status, answer.headers["content-encoding"]) == (200, "br")
    assert "immutable" not in answer.headers["cache-control"]


def test_no_file_is_looked_at_before_it_is_asked_for(tmp_path: Path) -> None:
    """Ten thousand files delay no start; one that was asked for is remembered."""
    (tmp_path / "a.css").write_text("a {}")
    code = (
        "import django; django.setup()\n"
        "from django.test import RequestFactory\n"
        "from django_k8s.middleware import StaticFilesMiddleware\n"
        "middleware = StaticFilesMiddleware(lambda request: 'other')\n"
        "known = [[*middleware.files]]\n"
        "answers = [middleware(RequestFactory().get(path)) for path in ('/static/a.css', '/a.css')]\n"
        "print(known, answers[0].status_code, answers[1], [*middleware.files])\n"
    )
    env = environment(
        DJANGO_SETTINGS_MODULE="project.settings",
        PYTHONPATH=str(PROJECT),
        STATIC_ROOT=str(tmp_path),
        BUILD_PHASE="1",
    )
    done = run([sys.executable, "-c", code], env, tmp_path)

    assert done.stdout == "[[]] 200 other ['/static/a.css']\n", done.stderr


def test_missing_source_map(tmp_path: Path) -> None:
    """A source map that a vendored file names and that does not exist stops nothing; a missing picture does."""
    (tmp_path / "app" / "static").mkdir(parents=True)
    (tmp_path / "app" / "__init__.py").touch()
    script = tmp_path / "app" / "static" / "vendored.js"
    script.write_text("let a;\n//# sourceMappingURL=vendored.js.map\n")
    style = tmp_path / "app" / "static" / "vendored.css"
    style.write_text("a{}\n/*# sourceMappingURL=vendored.css.map */\n")
    env = environment(
        DJANGO_SETTINGS_MODULE="project.settings", PYTHONPATH=f"{tmp_path}:{PROJECT}", TEST_APPS="app",
        STATIC_ROOT=str(tmp_path / "collected"), BUILD_PHASE="1",
    )  # fmt: skip
    collect = [sys.executable, "-m", "django", "collectstatic", "--noinput"]

    done = run(collect, env, tmp_path)
    assert done.returncode == 0, done.stderr
    (hashed,) = (tmp_path / "collected").glob("vendored.????????????.js")
    assert hashed.read_text().endswith("sourceMappingURL=vendored.js.map\n")

    style.write_text("a { background: url(missing.png) }\n")
    done = run(collect, env, tmp_path)
    assert done.returncode != 0
    assert "missing.png" in done.stderr


MISSING = """
/static/app/style.000000000000.css /static/none /static/../urls.py /static/app/../../urls.py /static//app/style.css
/static/app /static/app/ /static/app/style.css.gz /static/app/style.css%00
"""


@pytest.mark.parametrize("path", MISSING.split())
def test_missing_file_is_not_cached(site: int, path: str) -> None:
    """What is not here may be on the next pod: no cache may remember the 404."""
    answer = fetch(site, path)

    assert answer.status == 404
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.filterwarnings("error")
def test_asynchronous(tmp_path: Path) -> None:
    """Under ASGI the file, the 404 and the project's own answer come from one coroutine; a file comes in pieces."""
    from django.http import FileResponse, HttpRequest, HttpResponse
    from django.test import RequestFactory, override_settings

    from django_k8s.middleware.static_files import StaticFilesMiddleware

    async def respond(request: HttpRequest) -> HttpResponse:
        return HttpResponse("project")

    content = bytes(range(256)) * 1000
    (tmp_path / "a.0123456789ab.css").write_bytes(content)
    with override_settings(
        STATIC_ROOT=str(tmp_path), DEBUG=False, WHITENOISE_AUTOREFRESH=False, WHITENOISE_USE_FINDERS=False
    ):
        middleware = StaticFilesMiddleware(respond)

        async def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, list[bytes]]:
            response = await middleware(RequestFactory().generic(method, path, headers=headers))
            file = isinstance(response, FileResponse)
            pieces = [piece async for piece in response] if file else [response.content]
            response.close()
            return response.status_code, pieces

        async def answers() -> None:
            path = "/static/a.0123456789ab.css"
            status, pieces = await ask(path)
            assert (status, b"".join(pieces)) == (200, content)
            assert len(pieces) > 1
            assert await ask(path, range="bytes=250-259") == (206, [content[250:260]])
            assert await ask(path, "HEAD") == (200, [])
            assert (await ask("/static/none"))[0] == 404
            assert await ask("/page") == (200, [b"project"])

        asyncio.run(answers())
