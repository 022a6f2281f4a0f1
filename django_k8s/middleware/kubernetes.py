"""Everything that has to run first, in one middleware."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

from django_k8s import gate
from django_k8s.middleware.health import HealthMiddleware
from django_k8s.middleware.metrics import MetricsMiddleware
from django_k8s.middleware.request_id import RequestIdMiddleware
from django_k8s.middleware.trusted_proxy import TrustedProxyMiddleware


class KubernetesMiddleware:
    """Answer probes, give each request an id, count it and find out the client's address.

    Put it first in MIDDLEWARE. It works under WSGI and under ASGI.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        gate.enforce()  # the app does it too, if it is not forgotten
        # From the inside out. Probes are answered before anything is counted, and READINESS_PAGE is requested
        # below the metrics, so neither is part of the traffic.
        handler: Callable[[HttpRequest], Any] = TrustedProxyMiddleware(get_response)
        # MiddlewareNotUsed: metrics are off.
        with contextlib.suppress(MiddlewareNotUsed):
            handler = MetricsMiddleware(handler)
        self.get_response = HealthMiddleware(RequestIdMiddleware(handler), page_handler=get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a probe, or pass the request on."""
        response: HttpResponseBase | Awaitable[HttpResponseBase] = self.get_response(request)
        return response
