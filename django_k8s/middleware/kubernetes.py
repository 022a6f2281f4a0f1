"""Everything that has to run first, in one middleware."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

from django_k8s.middleware.health import HealthMiddleware
from django_k8s.middleware.metrics import MetricsMiddleware
from django_k8s.middleware.request_id import RequestIdMiddleware
from django_k8s.middleware.trusted_proxy import TrustedProxyMiddleware

# From the outside in. Probes are answered before anything is counted, and every request that is counted has
# its id and, inside, the client's address.
PARTS = (HealthMiddleware, RequestIdMiddleware, MetricsMiddleware, TrustedProxyMiddleware)


class KubernetesMiddleware:
    """Answer probes, give each request an id, count it and find out the client's address.

    Put it first in MIDDLEWARE. It works under WSGI and under ASGI.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        handler: Callable[[HttpRequest], Any] = get_response
        for part in reversed(PARTS):
            try:
                handler = part(handler)
            except MiddlewareNotUsed:  # metrics are off
                continue
        self._handler = handler
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a probe, or pass the request on."""
        response: HttpResponseBase | Awaitable[HttpResponseBase] = self._handler(request)
        return response
