"""The middleware, in this process: first of all, for WSGI and ASGI alike."""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, AsyncRequestFactory, Client, RequestFactory, override_settings
from support.configured import changed, configured

from django_k8s.health import Unhealthy
from django_k8s.middleware.health import HealthMiddleware

TOKEN = "a-token-for-the-tests"
POD = "10.1.2.3:8000"

Ask = Callable[..., HttpResponse]
state: dict[str, bool] = {}


def dependency(timeout: float) -> None:
    """The only health check here."""
    if not state["well"]:
        raise Unhealthy("the dependency is away")


class KubeletClient(AsyncClient):
    """Django's own client sends its host name beside the one that it is given."""

    async def request(self, **scope: Any) -> HttpResponse:
        scope["headers"] = [header for header in scope["headers"] if header != (b"host", b"testserver")]
        answer: HttpResponse = await super().request(**scope)
        return answer


@pytest.fixture(params=["wsgi", "asgi"])
def ask(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:
    """Sends a request through the whole project, by each interface, as a kubelet would."""
    import sys

    monkeypatch.setitem(sys.modules, "dependencies", sys.modules[__name__])
    state["well"] = True
    settings = {
        "DJANGO_K8S": changed(
            readiness_checks=("dependencies.dependency",), readiness_cache_seconds=0, health_token=TOKEN
        ),
        "ALLOWED_HOSTS": ["example.com"],
        "SECURE_SSL_REDIRECT": True,
        "DEBUG": False,
    }

    def wsgi(path: str, method: str = "GET", **headers: str) -> HttpResponse:
        return Client().generic(method, path, headers={"host": POD, **headers})

    def asgi(path: str, method: str = "GET", **headers: str) -> HttpResponse:
        client = KubeletClient()
        answer: HttpResponse = asyncio.run(client.generic(method, path, headers={"host": POD, **headers}))
        return answer

    with override_settings(**settings):
        yield wsgi if request.param == "wsgi" else asgi


def test_alive(ask: Ask) -> None:
    """A pod's address as host and plain HTTP are no matter; no cache keeps the answer."""
    response = ask("/livez")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Cache-Control"] == "no-store"
    assert response["Content-Type"] == "text/plain"


def test_alive_without_its_dependencies(ask: Ask) -> None:
    """Liveness does not depend on any dependency."""
    state["well"] = False

    assert ask("/livez").status_code == 200


def test_readiness_follows_the_checks(ask: Ask) -> None:
    """Readiness is 200 or 503, without the reason."""
    response = ask("/readyz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    state["well"] = False
    response = ask("/readyz")
    assert (response.status_code, response.content) == (503, b"not ready\n")
    assert response["Cache-Control"] == "no-store"
    assert set(response.headers) == {"Content-Type", "Content-Length", "Cache-Control"}


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
def test_head_is_get_without_the_body(ask: Ask, path: str) -> None:
    """HEAD, which load balancers use, is answered like GET without the body."""
    authorization = {"authorization": f"Bearer {TOKEN}"}
    whole, head = ask(path, **authorization), ask(path, "HEAD", **authorization)

    assert head.status_code == whole.status_code == 200
    assert head.content == b""
    if path != "/healthz":  # its figures differ from time to time
        assert head["Content-Length"] == whole["Content-Length"] == str(len(whole.content))


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/healthz"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
def test_other_methods_are_refused(ask: Ask, path: str, method: str) -> None:
    """405 with the methods that are allowed."""
    response = ask(path, method)

    assert response.status_code == 405
    assert response["Allow"] == "GET, HEAD"


def test_details_for_holders_of_the_token(ask: Ask) -> None:
    """Each check with its result, its words and its duration; the status is that of readiness."""
    state["well"] = False
    response = ask("/healthz?verbose", authorization=f"Bearer {TOKEN}")
    report = json.loads(response.content)

    assert response.status_code == 503
    assert response["Content-Type"] == "application/json"
    assert report["status"] == "failed"
    check = report["checks"]["dependencies.dependency"]
    assert (check["ok"], check["required"], check["message"]) == (False, True, "the dependency is away")
    assert 0 <= check["seconds"] < 1
    state["well"] = True
    assert ask("/healthz", authorization=f"bearer {TOKEN}").status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        TOKEN,
        "Bearer té",
    ],
)
def test_no_details_without_the_token(ask: Ask, authorization: str) -> None:
    """Without the token, /healthz is 404."""
    response = ask("/healthz?verbose", authorization=authorization)

    assert (response.status_code, response.content) == (404, b"not found\n")


@configured(health_token="")
@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer "])
def test_empty_token_opens_nothing(authorization: str) -> None:
    """Without a token the report is closed, not open."""
    assert Client().get("/healthz", headers={"authorization": authorization}).status_code == 404


def test_token_is_compared_in_constant_time() -> None:
    """An == would tell by its duration how much of a guess is right."""
    assert "constant_time_compare" in inspect.getsource(HealthMiddleware._trusted)


def test_probes_are_not_logged(ask: Ask, caplog: pytest.LogCaptureFixture) -> None:
    """Django logs each 503 as an error, which is mailed to ADMINS; probes come every few seconds."""
    state["well"] = False
    with caplog.at_level(logging.DEBUG):
        for path in ("/livez", "/readyz", "/healthz"):
            ask(path)

    assert [record.name for record in caplog.records if record.name != "asyncio"] == ["django_k8s.health"]


def test_everything_else_goes_on(ask: Ask) -> None:
    """Other paths meet the host check and the redirect as before, also those that look alike."""
    for path in ("/where", "/livez/", "/livez/x", "/readyz2", "/x/livez"):
        assert ask(path).status_code == 301 or ask(path).status_code == 400
    response = ask("/where", host="example.com")
    assert response.status_code == 301


def test_later_middleware_is_not_reached(ask: Ask) -> None:
    """Probes do not reach later middleware, such as for logins or maintenance."""
    with override_settings(
        MIDDLEWARE=["django_k8s.middleware.health.HealthMiddleware", f"{__name__}.refuse"]
    ):
        import sys

        sys.modules[__name__] = sys.modules["dependencies"]
        assert ask("/livez").status_code == 200
        assert ask("/readyz").status_code == 200
        assert ask("/where").status_code == 403


def refuse(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A middleware that lets nobody in."""
    return lambda request: HttpResponse("log in first", status=403)


def test_async_middleware_adds_no_frame() -> None:
    """Under ASGI every other request's coroutine is the next one's own."""

    async def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse("view")

    middleware = HealthMiddleware(view)
    coroutine: Any = middleware(AsyncRequestFactory().get("/page"))

    assert inspect.iscoroutinefunction(view)
    assert coroutine.cr_code is view.__code__
    assert asyncio.run(coroutine).content == b"view"


def test_liveness_starts_no_thread() -> None:
    """A thousand liveness calls do nothing but answer."""
    middleware = HealthMiddleware(lambda request: HttpResponse(status=500))
    before = threading.active_count()
    for _ in range(1000):
        response: Any = middleware(RequestFactory().get("/livez"))
        assert response.status_code == 200

    assert threading.active_count() == before


def test_readiness_is_never_an_error(ask: Ask) -> None:
    """Whatever is in READINESS_CHECKS, the answer is 200 or 503."""
    with configured(readiness_checks=("no.such.check", "database"), readiness_database="strict"):
        assert ask("/readyz").status_code == 503
    with configured(readiness_checks=()):
        assert ask("/readyz").status_code == 200
