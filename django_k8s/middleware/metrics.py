"""Count and time requests."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponseBase

from django_k8s import conf
from django_k8s.health.results import Result, checked

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE = "(none)"  # static files, and paths that no pattern matches


class MetricsMiddleware:
    """Count and time requests by method, route and status, if METRICS is on.

    Put it after HealthMiddleware, so that it does not see probes, and before any middleware that may answer. A route is a
    pattern of the URLconf and not a path, because there is no limit to the paths that clients request.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        if not conf.current().metrics:
            raise MiddlewareNotUsed
        from django_k8s.observability import metrics, metrics_file

        self.get_response = get_response
        self._metrics, self._report = metrics, metrics_file.report
        # labels() would take a lock at each call.
        self._children: dict[tuple[str, str, int], tuple[Any, Any]] = {}
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)
        checked.connect(_note, dispatch_uid="django_k8s.metrics")

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Pass the request on, and count it."""
        if self._async:
            return self._answer(request)
        began = self._begin()
        status = 500
        try:
            response: HttpResponseBase = self.get_response(request)
            status = response.status_code
            return response
        finally:
            self._count(request, status, began)

    async def _answer(self, request: HttpRequest) -> HttpResponseBase:
        began = self._begin()
        status = 499  # the client has disconnected, and the request is cancelled
        try:
            response: HttpResponseBase = await self.get_response(request)
            status = response.status_code
            return response
        finally:
            self._count(request, status, began)

    def _begin(self) -> float:
        # A failure of the metrics must not affect the request.
        try:
            self._metrics.requests_in_flight.inc()
        except Exception as error:
            self._report(error)
        return time.perf_counter()

    def _count(self, request: HttpRequest, status: int, began: float) -> None:
        try:
            self._write(request, status, began)
        except Exception as error:
            self._report(error)

    def _write(self, request: HttpRequest, status: int, began: float) -> None:
        match = request.resolver_match
        route = f"/{match.route}" if match else NO_ROUTE
        method = request.method if request.method in _METHODS else "OTHER"
        key = (method or "OTHER", route, status)
        children = self._children.get(key)
        if children is None:
            children = self._children[key] = (
                self._metrics.requests.labels(*key),
                self._metrics.request_seconds.labels(*key[:2]),
            )
        counter, seconds = children
        counter.inc()
        seconds.observe(time.perf_counter() - began)
        self._metrics.requests_in_flight.dec()


def _note(result: Result, **kwargs: Any) -> None:
    from django_k8s.observability import metrics, metrics_file

    try:
        metrics.health_check.labels(result.name).set(int(result.ok))
    except Exception as error:
        metrics_file.report(error)
