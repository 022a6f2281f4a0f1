"""Give each request an id, from the proxy to the logs of the tasks that it starts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponseBase

from django_k8s.environment import startup
from django_k8s.observability import context, tracing

HEADER = "X-Request-ID"


class RequestIdMiddleware:
    """Use X-Request-ID from the proxy as the id of the request, or create one, and return it in the response.

    The id is ``request.request_id``. It is in every log line of the request, and is passed to the tasks that the request
    starts. Put it right after HealthMiddleware.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)
        self._access_log = startup.env().bool("WEB_ACCESS_LOG")
        # Not at the end of __call__, because Django logs a status of 400 or more after all middleware.
        request_finished.connect(_forget, dispatch_uid="django_k8s.request_id")

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Set the id, and return it in the response."""
        found = context.safe_id(request.META.get("HTTP_X_REQUEST_ID"))
        request.request_id = found  # type: ignore[attr-defined]
        context.request_id.set(found)
        if self._access_log:
            tracing.remember(found)
        if self._async:
            return self._answer(request, found)
        response: HttpResponseBase = self.get_response(request)
        response[HEADER] = found
        return response

    async def _answer(self, request: HttpRequest, found: str) -> HttpResponseBase:
        response: HttpResponseBase = await self.get_response(request)
        response[HEADER] = found
        return response


def _forget(**kwargs: Any) -> None:
    context.request_id.set("")
