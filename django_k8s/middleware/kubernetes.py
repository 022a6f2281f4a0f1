"""One middleware with everything that must run first."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from django_k8s import startup_gate
from django_k8s.middleware import one_thread
from django_k8s.middleware.health import HealthMiddleware
from django_k8s.middleware.metrics import MetricsMiddleware
from django_k8s.middleware.request_id import RequestIdMiddleware
from django_k8s.middleware.trusted_proxy import TrustedProxyMiddleware


class KubernetesMiddleware:
    """Answer probes, give each request an id, count it, and determine the client's address.

    Put it first in MIDDLEWARE. It works under WSGI and under ASGI.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        startup_gate.enforce()  # the app does this too, unless it is missing from INSTALLED_APPS
        if one_thread.loading():
            raise MiddlewareNotUsed
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)
            if one_thread.wanted(type(self)):
                get_response = one_thread.in_one_thread(get_response)
        # From the inside out. Probes are answered outside of the metrics, and READINESS_PAGE is requested inside of them, so
        # neither is counted as traffic.
        handler: Callable[[HttpRequest], Any] = TrustedProxyMiddleware(get_response)
        # MiddlewareNotUsed: metrics are off.
        with contextlib.suppress(MiddlewareNotUsed):
            handler = MetricsMiddleware(handler)
        self.get_response = HealthMiddleware(RequestIdMiddleware(handler), page_handler=get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a probe, or pass the request on."""
        response: Any = self.get_response(request)
        if request.method != "HEAD":
            return response  # type: ignore[no-any-return]
        return self._without_content(response) if self.is_async else _without_content(response)

    async def _without_content(self, response: Awaitable[HttpResponseBase]) -> HttpResponseBase:
        return _without_content(await response, _nothing())


def _without_content(response: HttpResponseBase, nothing: Any = ()) -> HttpResponseBase:
    """Return ``response`` as the answer to HEAD, which has only the headers of GET.

    Django leaves this to the server, and gunicorn logs a warning for each response whose content it drops.
    """
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = nothing
    elif isinstance(response, HttpResponse) and response.content:
        response.headers.setdefault("Content-Length", str(len(response.content)))
        response.content = b""
    return response


async def _nothing() -> AsyncIterator[bytes]:
    """Yield nothing."""
    pieces: tuple[bytes, ...] = ()
    for piece in pieces:
        yield piece
