"""Answers the probes on the web port, before anything else in the project has a say."""

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
    """First in MIDDLEWARE: a kubelet knows no host name, no TLS, no login, and wants no log line.

    /livez: this process answers; nothing is asked. /readyz: 200 or 503, by READINESS_CHECKS and READINESS_PAGE.
    /healthz: what each check and READINESS_PAGE say, in JSON, for those who send ``Authorization: Bearer
    HEALTH_TOKEN``; 404 for all others. GET and HEAD. Works in WSGI and in ASGI.
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
        """Answer a probe; hand everything else on."""
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
        """Return what runs READINESS_PAGE, unless it is not to be run: it depends on what the other checks test."""
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
    """Return a function that says how many of ``seconds`` are left."""
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
    """Headers that later middleware would add, were there any."""
    response["Content-Length"] = str(len(response.content))
    response["Cache-Control"] = "no-store"
    if request.method == "HEAD":
        response.content = b""
    # Django logs every answer from 400 on, a 503 as an error that is mailed to ADMINS.
    response._has_been_logged = True  # type: ignore[attr-defined]
    newrelic.ignore()
    return response
