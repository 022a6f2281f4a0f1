"""KubernetesMiddleware: its parts in order, under WSGI and ASGI."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import AsyncRequestFactory, RequestFactory
from support.configured import configured

from django_k8s.middleware import KubernetesMiddleware

Ask = Callable[..., tuple[HttpRequest, HttpResponse]]


@pytest.fixture(params=["wsgi", "asgi"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Sends a request through the middleware alone; returns it as the view saw it, and the answer."""

    def wsgi(path: str, **headers: str) -> tuple[HttpRequest, HttpResponse]:
        seen = RequestFactory().get(path, headers=headers, REMOTE_ADDR="10.0.0.1")
        return seen, KubernetesMiddleware(lambda _: HttpResponse("view"))(seen)

    def asgi(path: str, **headers: str) -> tuple[HttpRequest, HttpResponse]:
        async def view(_: HttpRequest) -> HttpResponse:
            return HttpResponse("view")

        seen: Any = AsyncRequestFactory().get(path, headers=headers, REMOTE_ADDR="10.0.0.1")
        seen.META["REMOTE_ADDR"] = "10.0.0.1"
        middleware = KubernetesMiddleware(view)

        async def answer() -> HttpResponse:
            return await middleware(seen)

        return seen, asyncio.run(answer())

    return wsgi if request.param == "wsgi" else asgi


def test_everything_at_once(ask: Ask) -> None:
    """A request gets its id and the client's address, and its answer carries the id."""
    with configured(trusted_proxies=("10.0.0.0/8",), metrics=True):
        seen, answer = ask("/", **{"x-request-id": "abc", "x-forwarded-for": "203.0.113.9"})

    assert answer.content == b"view"
    assert answer["X-Request-ID"] == seen.request_id == "abc"
    assert seen.META["REMOTE_ADDR"] == "203.0.113.9"


def test_probes_come_first(ask: Ask) -> None:
    """A probe is answered before it gets an id or is counted."""
    with configured(metrics=True):
        seen, answer = ask("/livez")

    assert answer.content == b"ok\n"
    assert "X-Request-ID" not in answer
    assert not hasattr(seen, "request_id")


def test_requests_are_counted(ask: Ask) -> None:
    """With METRICS every request is counted, no probe is; without, nothing is."""
    from django_k8s.observability import metrics

    def count() -> float:
        return sum(
            sample.value
            for family in metrics.requests.collect()
            for sample in family.samples
            if sample.name.endswith("_total")
        )

    before = count()
    with configured(metrics=True):
        ask("/")
        ask("/livez")
    with configured(metrics=False):
        ask("/")
    assert count() == before + 1
