"""Uploads on a volume: served by web, whatever users have sent, and nothing else."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.decorators import login_required
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory, override_settings
from django.utils.functional import LazyObject
from support.configured import configured
from support.process import get
from support.web import Web, web

from django_k8s import Env
from django_k8s import settings as k8s
from django_k8s.middleware import MediaFilesMiddleware
from django_k8s.middleware.media_files import serve_media

CONTENT = bytes(range(256)) * 2000
SCRIPT = b"<script>alert(document.cookie)</script>"


class Unset(LazyObject):
    """A storage of a project, which misses its configuration once it is used."""

    def _setup(self) -> None:
        raise KeyError("UPLOADS")


Ask = Callable[..., tuple[int, Any, bytes]]


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Path]:
    """A folder of uploads beside a secret, served by the settings of this process."""
    folder = tmp_path / "media"
    (folder / "deep" / "er").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "media-other").mkdir()
    (tmp_path / "media-other" / "a.txt").write_text("secret")
    (folder / "film.mp4").write_bytes(CONTENT)
    (folder / "deep" / "er" / "a b.png").write_bytes(b"picture")
    storage = {"BACKEND": "django.core.files.storage.FileSystemStorage"}
    with (
        configured(media_serve=True),
        override_settings(MEDIA_ROOT=str(folder), MEDIA_URL="/media/", STORAGES={"default": storage}),
    ):
        yield folder


@pytest.fixture(params=["wsgi", "asgi"])
def ask(request: pytest.FixtureRequest, volume: Path) -> Ask:
    """Sends a request through the middleware; returns status, headers and content."""

    def wsgi(path: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
        middleware = MediaFilesMiddleware(lambda _: HttpResponse("page"))
        answer: Any = middleware(RequestFactory().generic(method, path, headers=headers))
        content = b"".join(answer)
        answer.close()
        return answer.status_code, answer.headers, content

    def asgi(path: str, method: str = "GET", **headers: str) -> tuple[int, Any, bytes]:
        async def page(_: HttpRequest) -> HttpResponse:
            return HttpResponse("page")

        async def answer() -> tuple[int, Any, bytes]:
            found: Any = await MediaFilesMiddleware(page)(  # type: ignore[misc]
                AsyncRequestFactory().generic(method, path, headers=headers)
            )
            assert found.is_async if found.streaming else True
            content = b"".join([piece async for piece in found]) if found.streaming else found.content
            found.close()
            return found.status_code, found.headers, content

        return asyncio.run(answer())

    return wsgi if request.param == "wsgi" else asgi


def test_served(ask: Ask) -> None:
    """The file with its type, length and name; every other path is the project's."""
    status, headers, content = ask("/media/film.mp4")

    assert (status, content) == (200, CONTENT)
    assert headers["Content-Type"] == "video/mp4"
    assert headers["Content-Length"] == str(len(CONTENT))
    assert headers["Content-Disposition"] == 'inline; filename="film.mp4"'
    assert ask("/media/deep/er/a%20b.png")[2] == b"picture"
    assert ask("/other")[2] == ask("/mediafilm.mp4")[2] == b"page"
    assert ask("/media/film.mp4", "POST")[0] == 405


@pytest.mark.parametrize(
    "name",
    [
        "a.html", "a.HTM", "a.xhtml", "a.xml", "a.svg", "a.svgz", "a.js", "a.mjs", "a.css", "a.htm.gz", "a.shtml", "a.xsl", "a.mht", "a.swf",
        "a.wasm", "a.json", "a", "a.png.html", "data:,a.html", "a.unknown", "a.docx", "a.html ",
    ],
)  # fmt: skip
def test_nothing_runs(ask: Ask, volume: Path, name: str) -> None:
    """What a browser might run is downloaded; no page can load it as a script or a style sheet."""
    (volume / name).write_bytes(SCRIPT)
    status, headers, content = ask(f"/media/{name}")

    assert (status, content) == (200, SCRIPT)
    assert headers["Content-Disposition"].startswith("attachment")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox"
    kind = "image/svg+xml" if name == "a.svg" else "application/octet-stream"
    assert headers["Content-Type"] == kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.png", "image/png"), ("a.JPG", "image/jpeg"), ("a.webp", "image/webp"), ("a.avif", "image/avif"), ("a.gif", "image/gif"),
        ("a.pdf", "application/pdf"), ("a.mp3", "audio/mpeg"), ("a.ogg", "audio/ogg"), ("a.txt", "text/plain; charset=utf-8"), ("a.vtt", "text/vtt"),
    ],
)  # fmt: skip
def test_shown(ask: Ask, volume: Path, name: str, kind: str) -> None:
    """Pictures, sound, films, PDF and text are shown, and are nothing else even if their content says so."""
    (volume / name).write_bytes(SCRIPT)
    _, headers, _ = ask(f"/media/{name}")

    assert headers["Content-Type"] == kind
    assert headers["Content-Disposition"].startswith("inline")
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path",
    [
        "", "deep", "deep/", "none.txt", "film.mp4/", "../secret.txt", "deep/../../secret.txt", "%2e%2e/secret.txt", "..%2fsecret.txt", "../media-other/a.txt",
        "/etc/passwd", "//etc/passwd", "deep//er", "./film.mp4", ".hidden", "deep/.git/config", "link-out", "folder-out/secret.txt", "link-up/film.mp4",
        "dangling", "loop", "pipe", "a%00b", "a%0Ab", "%ff", "a" * 300, "a/" * 3000, "%F0%9F%98%80", "\\..\\secret.txt",
    ],
)  # fmt: skip
def test_nothing_else(ask: Ask, volume: Path, path: str) -> None:
    """No folder, hidden file, pipe, link out of the folder or path around it: 404, which nobody keeps."""
    (volume / ".hidden").write_text("secret")
    (volume / "deep" / ".git").mkdir()
    (volume / "deep" / ".git" / "config").write_text("secret")
    (volume / "link-out").symlink_to(volume.parent / "secret.txt")
    (volume / "folder-out").symlink_to(volume.parent)
    (volume / "link-up").symlink_to(volume.parent / "media-other")
    (volume / "dangling").symlink_to(volume / "none")
    (volume / "loop").symlink_to(volume / "loop")
    (volume / "a\nb").write_text("secret")
    os.mkfifo(volume / "pipe")
    status, headers, content = ask(f"/media/{path}")

    assert status == 404
    assert headers["Cache-Control"] == "no-store"
    assert b"secret" not in content


def test_nothing_stays_open(ask: Ask, volume: Path) -> None:
    """A stranger who asks for directories, pipes and ranges that do not exist uses up no file descriptors."""
    os.mkfifo(volume / "pipe")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        assert ask("/media/deep")[0] == ask("/media/pipe")[0] == 404
        assert ask("/media/film.mp4", range="bytes=999999-")[0] == 416
        assert ask("/media/film.mp4", **{"if-match": '"other"'})[0] == 412
        assert ask("/media/film.mp4", range="bytes=0-5")[0] == 206

    assert len(list(Path("/proc/self/fd").iterdir())) < before + 10


def test_links_within(ask: Ask, volume: Path) -> None:
    """A link to another upload, and a MEDIA_ROOT that is a link itself, work."""
    (volume / "link.mp4").symlink_to("film.mp4")
    (volume.parent / "root").symlink_to(volume)

    assert ask("/media/link.mp4")[2] == CONTENT
    with override_settings(MEDIA_ROOT=str(volume.parent / "root")):
        assert ask("/media/film.mp4")[2] == CONTENT


def test_conditions(ask: Ask) -> None:
    """A browser that has the file already is told so."""
    _, headers, _ = ask("/media/film.mp4")

    tag, modified = headers["ETag"], headers["Last-Modified"]
    status, unchanged, content = ask("/media/film.mp4", **{"if-none-match": f'"other", {tag}'})
    assert (status, content, unchanged["ETag"]) == (304, b"", tag)
    assert ask("/media/film.mp4", **{"if-modified-since": modified})[0] == 304
    assert ask("/media/film.mp4", **{"if-none-match": '"other"'})[0] == 200
    assert ask("/media/film.mp4", **{"if-match": '"other"'})[0] == 412


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        ("0-0", (0, 0)), ("0-1", (0, 1)), ("0-", (0, 511999)), ("250-259", (250, 259)), ("511999-", (511999, 511999)), ("-5", (511995, 511999)),
        ("100000-300000", (100000, 300000)), ("5-9999999", (5, 511999)), ("-9999999", (0, 511999)),
    ],
)  # fmt: skip
def test_ranges(ask: Ask, asked: str, part: tuple[int, int]) -> None:
    """A player that seeks gets the bytes that it asks for."""
    first, last = part
    status, headers, content = ask("/media/film.mp4", range=f"bytes={asked}")

    assert (status, content) == (206, CONTENT[first : last + 1])
    assert headers["Content-Range"] == f"bytes {first}-{last}/512000"
    assert headers["Content-Length"] == str(last - first + 1)


def test_other_ranges(ask: Ask) -> None:
    """None that exists: 416. Several, malformed ones, or one of an older file: the whole file."""
    for asked in ("bytes=512000-", "bytes=-0", "bytes=999999-1000000"):
        status, headers, _ = ask("/media/film.mp4", range=asked)
        assert (status, headers["Content-Range"]) == (416, "bytes */512000")
    for asked in ("bytes=0-1,4-5", "bytes=5-2", "bytes=-", "lines=0-1", "bytes=a-b", f"bytes={'9' * 5000}-"):
        assert ask("/media/film.mp4", range=asked)[0] == 200
    tag = ask("/media/film.mp4")[1]["ETag"]
    assert ask("/media/film.mp4", **{"range": "bytes=0-1", "if-range": tag})[0] == 206
    assert ask("/media/film.mp4", **{"range": "bytes=0-1", "if-range": '"older"'})[0] == 200


def test_empty_file(ask: Ask, volume: Path) -> None:
    """It has no first byte."""
    (volume / "empty.png").touch()

    assert ask("/media/empty.png")[::2] == (200, b"")
    assert ask("/media/empty.png", range="bytes=0-")[0] == 416


def test_behind_a_view(volume: Path) -> None:
    """A project that protects its uploads serves them by a view of its own."""
    view: Any = login_required(serve_media)
    request: Any = RequestFactory().get("/media/film.mp4")
    request.user = AnonymousUser()
    assert view(request, "film.mp4").status_code == 302

    request.user = type("User", (), {"is_authenticated": True})()
    answer = view(request, "film.mp4")
    assert b"".join(answer) == CONTENT
    answer.close()


@pytest.mark.parametrize(
    ("settings", "served"),
    [
        ({"MEDIA_URL": "/files/up/"}, "/files/up/film.mp4"),
        ({"MEDIA_URL": "https://cdn.example.com/media/"}, "/media/film.mp4"),
        ({"MEDIA_URL": "/shop/media/", "FORCE_SCRIPT_NAME": "/shop"}, "/media/film.mp4"),
        ({"MEDIA_URL": ""}, None),
        ({"MEDIA_URL": "/"}, None),
        ({"STORAGES": {"default": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}}, None),
        ({"STORAGES": {"default": {"BACKEND": f"{__name__}.Unset"}}}, None),
    ],
)
def test_where(volume: Path, settings: dict[str, Any], served: str | None) -> None:
    """Below MEDIA_URL; nowhere if it is the whole site, or if uploads are not in a folder."""
    with override_settings(**settings):
        if served is None:
            with pytest.raises(MiddlewareNotUsed):
                MediaFilesMiddleware(lambda _: HttpResponse("page"))
        else:
            answer: Any = MediaFilesMiddleware(lambda _: HttpResponse("page"))(RequestFactory().get(served))
            assert b"".join(answer) == CONTENT
            answer.close()


@pytest.mark.parametrize(
    ("variables", "on"),
    [
        ({}, False),
        ({"MEDIA_ROOT": "/media"}, True),
        ({"MEDIA_ROOT": "/media", "MEDIA_SERVE": "false"}, False),
        ({"MEDIA_ROOT": "/media", "MEDIA_S3_BUCKET": "shop"}, False),
        ({"MEDIA_SERVE": "true"}, True),
    ],
)
def test_switch(variables: dict[str, str], on: bool) -> None:
    """On where the environment names the folder, as the chart does for its volume, and no bucket."""
    env = Env(environ={"DEBUG": "1", **variables})

    assert k8s.config(env).media_serve is on


def test_switch_and_bucket(capsys: pytest.CaptureFixture[str]) -> None:
    """Both at once contradict each other."""
    with pytest.raises(SystemExit, match="78"):
        k8s.config(Env(environ={"DEBUG": "1", "MEDIA_SERVE": "1", "MEDIA_S3_BUCKET": "shop"}))

    assert "MEDIA_SERVE" in capsys.readouterr().err


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_in_production(tmp_path: Path, interface: str) -> None:
    """Web serves what is on the volume, new files too, and streams parts of large ones."""
    folder = tmp_path / "media"
    folder.mkdir()
    with web(tmp_path, listener=False, WEB_INTERFACE=interface, MEDIA_ROOT=str(folder)) as server:
        (folder / "film.mp4").write_bytes(CONTENT)
        (folder / "page.html").write_bytes(SCRIPT)
        (folder / "größe.png").write_bytes(b"picture")
        check_over_http(server)


def check_over_http(server: Web) -> None:
    whole = server.get("/media/film.mp4")
    assert (whole.status, whole.body) == (200, CONTENT)
    part = server.get("/media/film.mp4", headers={"Range": "bytes=100000-300000"})
    assert (part.status, part.body) == (206, CONTENT[100000:300001])
    head = get(server.port, "/media/film.mp4", method="HEAD")
    assert (head.status, head.headers["content-length"], head.body) == (200, "512000", b"")
    page = server.get("/media/page.html")
    assert page.headers["content-disposition"] == 'attachment; filename="page.html"'
    assert server.get("/media/gr%C3%B6%C3%9Fe.png").body == b"picture"
    assert server.get("/media/../media/%2e%2e/db.sqlite3").status == 404
    assert server.get("/media/").status == 404
