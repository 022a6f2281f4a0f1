"""The client's address: from trusted proxies only."""

from __future__ import annotations

import asyncio

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from support.configured import configured

from django_k8s.middleware.trusted_proxy import TrustedProxyMiddleware

PROXIES = ["10.0.0.0/8", "fd00::/8"]


def address(peer: str, forwarded: str | None, proxies: list[str]) -> str:
    """REMOTE_ADDR as the project sees it."""
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    request = RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer)
    with configured(trusted_proxies=tuple(proxies)):
        TrustedProxyMiddleware(lambda _: HttpResponse())(request)
    return str(request.META["REMOTE_ADDR"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.1.1.1", "203.0.113.9", "203.0.113.9"),
        ("10.1.1.1", "1.2.3.4, 203.0.113.9, 10.2.2.2", "203.0.113.9"),
        ("fd00::1", "2001:db8::7", "2001:db8::7"),
        ("10.1.1.1", "203.0.113.9:51234", "203.0.113.9"),
        ("10.1.1.1", "1.2.3.4, 203.0.113.9:1, 10.2.2.2:80", "203.0.113.9"),
        ("fd00::1", "[2001:db8::7]:443", "2001:db8::7"),
        ("fd00::1", "[2001:db8::7]", "2001:db8::7"),
        ("10.1.1.1", "203.0.113.9:", "10.1.1.1"),
        ("10.1.1.1", "[203.0.113.9", "10.1.1.1"),
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("10.1.1.1", None, "10.1.1.1"),
        ("10.1.1.1", "garbage", "10.1.1.1"),
        ("10.1.1.1", "1.2.3.4, garbage", "10.1.1.1"),
        ("10.1.1.1", "10.3.3.3", "10.3.3.3"),
        ("10.1.1.1", "fe80::1%' OR 1=1 --, 10.2.2.2", "10.2.2.2"),
        ("fd00::1%eth0", "203.0.113.9", "203.0.113.9"),
        ("::ffff:10.1.1.1", "203.0.113.9, ::ffff:10.2.2.2", "203.0.113.9"),
        ("10.1.1.1", "::ffff:203.0.113.9", "203.0.113.9"),
        ("", "1.2.3.4", ""),
    ],
)
def test_address(peer: str, forwarded: str | None, expected: str) -> None:
    """The nearest address that no trusted proxy has; what a client wrote itself is never believed."""
    assert address(peer, forwarded, PROXIES) == expected


def test_nobody_is_trusted_by_default() -> None:
    """Without TRUSTED_PROXIES the header means nothing."""
    assert address("10.1.1.1", "1.2.3.4", []) == "10.1.1.1"


def test_everybody() -> None:
    """The star trusts every hop, and so the first address."""
    assert address("203.0.113.9", "1.2.3.4, 5.6.7.8", ["*"]) == "1.2.3.4"
    assert address("203.0.113.9", "fe80::1%<script>, 5.6.7.8", ["*"]) == "5.6.7.8"


def test_asynchronous() -> None:
    """Under ASGI the middleware is a coroutine like its successor."""

    async def respond(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.META["REMOTE_ADDR"])

    request = RequestFactory().get("/", headers={"x-forwarded-for": "1.2.3.4"}, REMOTE_ADDR="10.1.1.1")
    with configured(trusted_proxies=tuple(PROXIES)):
        middleware = TrustedProxyMiddleware(respond)
        assert asyncio.iscoroutinefunction(middleware) or middleware.is_async
        assert asyncio.run(middleware(request)).content == b"1.2.3.4"
