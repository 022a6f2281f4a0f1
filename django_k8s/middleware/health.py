"""Answer probes on the web port, before any other part of the project."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare

from django_k8s import conf, startup_gate
from django_k8s.health.page import KEPT_SECONDS, Page
from django_k8s.health.results import Report
from django_k8s.health.runner import CheckRunner
from django_k8s.observability import newrelic

_METHODS = ("GET", "HEAD")


class HealthMiddleware:
    """Answer probes. Put it first in MIDDLEWARE, because probes come without a valid host, TLS and a login.

    /livez answers 200 and runs no check. /readyz answers 200 or 503, from READINESS_CHECKS and READINESS_PAGE. /healthz
    returns the result of each check and of READINESS_PAGE as JSON to clients that send ``Authorization: Bearer
    HEALTH_TOKEN``, and 404 to all others. All answer GET and HEAD, and leave no line in the log. It works under WSGI and
    under ASGI.
    """

    sync_capable = True
    async_capable = True

    def __init__(
        self,
        get_response: Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]],
        page_handler: Callable[[HttpRequest], Any] | None = None,
    ) -> None:
        startup_gate.enforce()
        self.get_response = get_response
        self._async = iscoroutinefunction(get_response)
        if self._async:
            markcoroutinefunction(self)
        config = conf.current()
        self._token = config.health_token
        self._timeout = config.readiness_timeout_seconds
        self._runner = CheckRunner.configured()
        self._page = self._page_runner = None
        if config.readiness_page:
            self._page = Page(config.readiness_page, page_handler or get_response)
            keep = max(KEPT_SECONDS, config.readiness_cache_seconds)
            self._page_runner = CheckRunner({"page": self._page}, self._timeout, keep)
        self._answers = {"/livez": self._livez, "/readyz": self._readyz, "/healthz": self._healthz}
        self._async_answers = {"/readyz": self._async_readyz, "/healthz": self._async_healthz}

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Answer a probe, or pass the request on."""
        if request.path_info in self._answers:
            return self._async_answer(request) if self._async else self._answer(request)
        return self.get_response(request)

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if request.method not in _METHODS:
            return _refused()
        return _finished(request, self._answers[request.path_info](request))

    async def _async_answer(self, request: HttpRequest) -> HttpResponse:
        answer = self._async_answers.get(request.path_info)
        if answer is None or request.method not in _METHODS:
            return self._answer(request)
        return _finished(request, await answer(request))

    def _livez(self, request: HttpRequest) -> HttpResponse:
        return _text(200, b"ok\n")

    def _readyz(self, request: HttpRequest) -> HttpResponse:
        left = _countdown(self._timeout)
        ready = self._runner.ready()
        if page := self._page_after(ready):
            ready = page.ready(left())
        return _readiness(ready)

    async def _async_readyz(self, request: HttpRequest) -> HttpResponse:
        left = _countdown(self._timeout)
        ready = await self._runner.aready()
        if page := self._page_after(ready):
            ready = await page.aready(left())
        return _readiness(ready)

    def _healthz(self, request: HttpRequest) -> HttpResponse:
        if not self._trusted(request):
            return _text(404, b"not found\n")
        left = _countdown(self._timeout)
        report = self._runner.report()
        if page := self._page_after(report.ready):
            report = Report(report.results + page.report(left()).results)
        return _details(report)

    async def _async_healthz(self, request: HttpRequest) -> HttpResponse:
        if not self._trusted(request):
            return _text(404, b"not found\n")
        left = _countdown(self._timeout)
        report = await self._runner.areport()
        if page := self._page_after(report.ready):
            report = Report(report.results + (await page.areport(left())).results)
        return _details(report)

    def _page_after(self, ready: bool) -> CheckRunner | None:
        """Return the runner of READINESS_PAGE, or None if it must not run yet because another check fails."""
        if not (ready and self._page):
            return None
        if self._async:
            self._page.loop = asyncio.get_running_loop()
        return self._page_runner

    def _trusted(self, request: HttpRequest) -> bool:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if not self._token or scheme.lower() != "bearer":
            return False
        return constant_time_compare(token.strip(), self._token)


def _countdown(seconds: float) -> Callable[[], float]:
    """Return a function that returns how many of ``seconds`` are left."""
    end = time.monotonic() + seconds
    return lambda: end - time.monotonic()


def _text(status: int, body: bytes) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="text/plain")


def _readiness(ready: bool) -> HttpResponse:
    return _text(200, b"ok\n") if ready else _text(503, b"not ready\n")


def _details(report: Report) -> HttpResponse:
    return JsonResponse(
        report.as_dict(), status=200 if report.ready else 503, json_dumps_params={"indent": 2}
    )


def _refused() -> HttpResponse:
    response = _text(405, b"")
    response["Allow"] = ", ".join(_METHODS)
    return response


def _finished(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Add the headers that other middleware would add, and keep Django from logging the response."""
    response["Content-Length"] = str(len(response.content))
    response["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        response.content = b""
    # Django logs every status of 400 or more. It mails a 503 to ADMINS.
    response._has_been_logged = True  # type: ignore[attr-defined]
    newrelic.ignore()
    return response
