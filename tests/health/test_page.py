"""READINESS_PAGE: a page that does not render keeps the pod unready."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.core import mail
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client, override_settings
from django.urls import path
from support.configured import changed
from support.patience import patience
from support.process import wait_until
from support.web import web

from django_k8s.health.page import host

TOKEN = "a-token-for-the-tests"
state: dict[str, Any] = {}
Ask = Callable[[str], HttpResponse]


def page(request: HttpRequest) -> HttpResponse:
    """The page that has to render."""
    state["blocked"].wait(20)
    state["requests"].append((request.get_host(), request.is_secure(), threading.current_thread().name))
    if isinstance(state["answer"], Exception):
        raise state["answer"]
    return HttpResponse(state["answer"], status=state["status"])


async def apage(request: HttpRequest) -> HttpResponse:
    """The same as a coroutine, which may use what belongs to the server's event loop."""
    state["loops"].append(asyncio.get_running_loop())
    return page(request)


def well(timeout: float) -> None:
    """A check that passes, until it is told not to."""
    threading.Event().wait(state["seconds"])
    if state["down"]:
        raise OSError("down")


def redirect(request: HttpRequest) -> HttpResponse:
    """A start page that leads elsewhere, as many lead to a login."""
    return HttpResponse(status=302, headers={"Location": state["location"]})


urlpatterns = [path("redirect", redirect), path("start", page), path("astart", apage), path("größe", page)]


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "page_urls", sys.modules[__name__])
    state.update(
        answer="page", status=200, down=False, seconds=0, requests=[], loops=[], blocked=threading.Event()
    )
    state["blocked"].set()


@pytest.fixture(params=["wsgi", "asgi"])
def ask(request: pytest.FixtureRequest) -> Iterator[Ask]:
    """Probes a site whose READINESS_PAGE is /start."""
    yield from _site(request.param, "/start")


def _site(interface: str, readiness_page: str, **settings: Any) -> Iterator[Ask]:
    defaults = {
        "DJANGO_K8S": changed(
            readiness_page=readiness_page, readiness_checks=("page_urls.well",), readiness_cache_seconds=0
        ),
        "ROOT_URLCONF": "page_urls",
        "ALLOWED_HOSTS": [".example.com"],
        "SECURE_SSL_REDIRECT": True,
        "DEBUG": False,
        "ADMINS": ["admin@example.com"],
    }

    with override_settings(**{**defaults, **settings}):
        if interface == "wsgi":
            client = Client(raise_request_exception=False)
            yield lambda path: client.get(path, headers={"host": "10.0.0.7:8000"})
        else:
            aclient = AsyncClient(raise_request_exception=False)
            yield lambda path: async_to_sync(aclient.get)(path, headers={"host": "10.0.0.7:8000"})


def test_page_renders_once(monkeypatch: pytest.MonkeyPatch, ask: Ask) -> None:
    """The page is requested with an allowed host and over TLS, once: not at every probe."""
    monkeypatch.setattr("django_k8s.middleware.health.KEPT_SECONDS", 0)
    assert [ask("/readyz").status_code for _ in range(3)] == [200] * 3
    assert [(name, secure) for name, secure, _ in state["requests"]] == [("example.com", True)]


@pytest.mark.parametrize(("status", "expected"), [(200, 200), (302, 200), (404, 200), (400, 503), (503, 503)])
def test_status(ask: Ask, status: int, expected: int) -> None:
    """400 and 5xx keep the pod unready; a redirect to nowhere does not."""
    state["status"] = status
    assert ask("/readyz").status_code == expected
    assert ask("/livez").status_code == 200


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize(
    ("location", "requests", "expected"),
    [
        ("/start?next=/", 1, 503),
        ("start", 1, 503),
        ("https://example.com/start", 1, 503),
        ("https://login.example.org/start", 0, 200),
        ("/redirect", 0, 200),
    ],
)
def test_redirect(interface: str, location: str, requests: int, expected: int) -> None:
    """What the page redirects to on this site has to render as well. Another site, or a circle, says nothing."""
    state.update(status=500, location=location)
    for ask in _site(interface, "/redirect"):
        assert ask("/readyz").status_code == expected
    assert len(state["requests"]) == requests


def test_reason_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says why, once per change, and no mail is sent to ADMINS."""
    monkeypatch.setattr("django_k8s.middleware.health.KEPT_SECONDS", 0)
    mail.outbox = []
    state["answer"] = RuntimeError("no manifest at postgres://u:hunter2@h/n")
    with caplog.at_level(logging.INFO):
        assert [ask("/readyz").status_code for _ in range(3)] == [503] * 3
        state["answer"] = "page"
        assert ask("/readyz").status_code == 200

    assert [record.getMessage() for record in caplog.records] == [
        "health check page fails: GET /start answers 500: RuntimeError: no manifest at postgres://***@h/n",
        "health check page passes again",
    ]
    assert mail.outbox == []


def test_failure_is_kept(ask: Ask) -> None:
    """A page that fails is not requested again at each probe."""
    state["status"] = 500
    assert [ask("/readyz").status_code for _ in range(3)] == [503] * 3
    assert len(state["requests"]) == 1


def test_404_is_logged(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """A page that does not exist counts as rendered, and the log says so once."""
    state["status"] = 404
    with caplog.at_level(logging.WARNING, "django_k8s.health"):
        assert [ask("/readyz").status_code for _ in range(2)] == [200] * 2
    assert [record.getMessage() for record in caplog.records if record.name == "django_k8s.health"] == [
        "READINESS_PAGE: GET /start answers 404, which counts as rendered. Name a page that exists."
    ]


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize("name", ["/größe", "/gr%C3%B6%C3%9Fe"])
def test_path_that_is_not_ascii(interface: str, name: str) -> None:
    """The path may be written as people read it, or percent-encoded."""
    for ask in _site(interface, name):
        assert ask("/readyz").status_code == 200
    assert len(state["requests"]) == 1


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize(("status", "well"), [(500, False), (200, True)])
def test_details(interface: str, status: int, well: bool) -> None:
    """/healthz says of the page what /readyz says."""
    state["status"] = status
    config = changed(
        readiness_page="/start", readiness_checks=(), readiness_cache_seconds=0, health_token=TOKEN
    )
    headers = {"host": "10.0.0.7:8000", "authorization": f"Bearer {TOKEN}"}
    for _ in _site(interface, "/start", DJANGO_K8S=config):
        found: Any = (
            Client().get("/healthz", headers=headers)
            if interface == "wsgi"
            else async_to_sync(AsyncClient().get)("/healthz", headers=headers)
        )
        report = found.json()

        assert found.status_code == (200 if well else 503)
        assert report["status"] == ("ok" if well else "failed")
        assert report["checks"]["page"]["ok"] is well
        assert well or report["checks"]["page"]["message"] == "GET /start answers 500"


def test_other_checks_come_first(ask: Ask) -> None:
    """The page is not requested while a dependency is down."""
    state["down"] = True
    assert ask("/readyz").status_code == 503
    assert state["requests"] == []
    state["down"] = False
    assert ask("/readyz").status_code == 200


def test_one_deadline_for_all() -> None:
    """The page has the time that the other checks have left, and no more."""
    state["blocked"].clear()
    state["seconds"] = 1.5
    config = changed(
        readiness_page="/start", readiness_checks=("page_urls.well",), readiness_timeout_seconds=2.0
    )
    for ask in _site("wsgi", "", DJANGO_K8S=config):
        began = time.monotonic()
        assert ask("/readyz").status_code == 503
        # It would take 3.5 s if the page had a deadline of its own.
        assert time.monotonic() - began < patience(2.8, below=3.5)
    state["blocked"].set()


def test_the_servers_event_loop() -> None:
    """A coroutine view runs in the event loop of the server."""

    async def probe() -> tuple[int, asyncio.AbstractEventLoop]:
        response = await AsyncClient().get("/readyz", headers={"host": "10.0.0.7:8000"})
        return response.status_code, asyncio.get_running_loop()

    for _ in _site("asgi", "/astart"):
        status, loop = asyncio.run(probe())
        assert status == 200
        assert state["loops"] == [loop]


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_host_that_is_not_allowed(interface: str, caplog: pytest.LogCaptureFixture) -> None:
    """A site whose first host is refused is never ready; the reason is in the log."""
    with caplog.at_level(logging.INFO):
        for ask in _site(interface, "/start", ALLOWED_HOSTS=["not a host"]):
            assert ask("/readyz").status_code == 503
    text = " ".join(record.getMessage() for record in caplog.records)
    assert "GET /start answers 400: DisallowedHost" in text


def test_hosts() -> None:
    """Wildcards become a host that a request can name."""
    assert host(["*"]) == "localhost"
    assert host(["*", "example.com"]) == "example.com"
    assert host([".example.com", "example.org"]) == "example.com"
    assert host([]) == "localhost"


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_real_server(tmp_path: Path, interface: str) -> None:
    """gunicorn serves, and the pod gets no traffic while its page fails; one that renders lets it in."""
    variables = {
        "WEB_INTERFACE": interface,
        "READINESS_CHECKS": "database",
        "ALLOWED_HOSTS": "example.com,127.0.0.1",
    }
    with web(tmp_path / "bad", READINESS_PAGE="/fail", **variables) as site:
        for _ in range(3):
            assert site.get("/readyz").status == 503
        assert site.get("/livez").status == 200
        assert site.gunicorn.output.count("health check page fails: GET /fail answers 500: ") == 1
        assert "Traceback" not in site.gunicorn.output
    with web(tmp_path / "good", READINESS_PAGE="/where", **variables) as site:
        wait_until(lambda: site.get("/readyz").status == 200, 20, "readiness")
