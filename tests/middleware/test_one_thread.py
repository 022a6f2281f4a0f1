"""Sync views under ASGI: they and their middleware run in one thread, and async views stay on the event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import AsyncClient, override_settings
from django.urls import path
from django.utils.decorators import async_only_middleware, sync_and_async_middleware

from django_k8s.environment import startup

LOOP = threading.main_thread()


def view(request: HttpRequest) -> HttpResponse:
    """Say where this runs, and how the middleware around it did."""
    return HttpResponse(f"{request.modes} {threading.current_thread() is LOOP}")  # type: ignore[attr-defined]


async def async_view(request: HttpRequest) -> HttpResponse:
    """The same, on the event loop."""
    return view(request)


def broken(request: HttpRequest) -> HttpResponse:
    """Fail."""
    raise ZeroDivisionError


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """Answer in pieces, which the event loop sends."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"a", b"b"):
            await asyncio.sleep(0)
            yield piece

    return StreamingHttpResponse(pieces())


urlpatterns = [
    path("sync", view),
    path("async", async_view),
    path("broken", broken),
    path("stream", stream),
]


@sync_and_async_middleware
def noting(get_response: Any) -> Any:
    """A middleware that notes how it was called."""
    if not iscoroutinefunction(get_response):

        def sync(request: Any) -> Any:
            request.modes = [*getattr(request, "modes", ()), "sync"]
            return get_response(request)

        return sync

    async def middleware(request: Any) -> Any:
        request.modes = [*getattr(request, "modes", ()), "async"]
        return await get_response(request)

    return middleware


@async_only_middleware
def needing_the_loop(get_response: Any) -> Any:
    """A middleware that cannot run in a thread."""

    async def middleware(request: Any) -> Any:
        return await get_response(request)

    return middleware


@pytest.fixture
def web_role(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process is web, under ASGI, with a project of a few views."""
    monkeypatch.setenv("ROLE", "web")
    monkeypatch.setenv("WEB_INTERFACE", "asgi")
    startup.reset()
    settings: dict[str, Any] = {
        "ROOT_URLCONF": __name__,
        "MIDDLEWARE": [
            "django_k8s.middleware.KubernetesMiddleware",
            "django_k8s.middleware.StaticFilesMiddleware",
            "django.middleware.common.CommonMiddleware",
            f"{__name__}.noting",
        ],
    }
    with override_settings(**settings):
        yield
    startup.reset()


def ask(url: str) -> Any:
    """Answer a request as Django's handler does, on an event loop."""
    return asyncio.run(AsyncClient(raise_request_exception=False).get(url))  # type: ignore[arg-type]


@pytest.mark.usefixtures("web_role")
def test_sync_and_async_views() -> None:
    """A sync view has sync middleware, an async view has async ones; each request passes each middleware once."""
    assert ask("/sync").content == b"['sync'] False"
    assert ask("/async").content == b"['async'] True"


@pytest.mark.usefixtures("web_role")
def test_answers_are_those_of_django() -> None:
    """Errors, missing pages and streams are answered as without it, and every answer has the request's id."""

    async def read(answer: Any) -> bytes:
        return b"".join([piece async for piece in answer])

    answers = {url: ask(url) for url in ("/broken", "/missing", "/stream", "/livez")}
    assert {url: answer.status_code for url, answer in answers.items()} == {
        "/broken": 500,
        "/missing": 404,
        "/stream": 200,
        "/livez": 200,
    }
    assert asyncio.run(read(answers["/stream"])) == b"ab"
    assert all(answers[url]["X-Request-ID"] for url in ("/broken", "/missing", "/stream"))


@pytest.mark.usefixtures("web_role")
@pytest.mark.parametrize("why", ["async only", "not first", "another role", "WSGI"])
def test_when_the_middleware_stays_as_it_is(why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A middleware that needs the event loop keeps it; outside of web under ASGI nothing changes."""
    middleware = [
        "django_k8s.middleware.KubernetesMiddleware",
        "django.middleware.common.CommonMiddleware",
        f"{__name__}.noting",
    ]
    if why == "async only":
        middleware.append(f"{__name__}.needing_the_loop")
    elif why == "not first":
        middleware.insert(0, middleware.pop(1))
    elif why == "another role":
        monkeypatch.setenv("ROLE", "shell")
    else:
        monkeypatch.setenv("WEB_INTERFACE", "wsgi")
    startup.reset()

    with override_settings(MIDDLEWARE=middleware):
        assert ask("/sync").content == b"['async'] False"
