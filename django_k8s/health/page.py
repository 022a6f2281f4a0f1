"""READINESS_PAGE: a page that must render before the pod gets traffic."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from asgiref.sync import ThreadSensitiveContext, iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponseBase
from django.utils.encoding import iri_to_uri

from django_k8s.environment.masking import mask
from django_k8s.health.results import Unhealthy

logger = logging.getLogger("django_k8s.health")

# Seconds for which a failure is kept: a page may cost more than a check, and a probe asks every few seconds.
KEPT_SECONDS = 15.0

_ATTRIBUTE = "readiness_page"  # of our own requests, by which log records are told apart


class Page:
    """A health check that requests ``path`` in this process; 400 and 5xx fail it, and 404 is logged.

    It catches what makes every page fail although each dependency is well: a missing manifest of static files,
    a missing template, hosts that are not allowed. ``handler`` answers the request, below all middleware that
    must not see it. Once it has passed, it is not run again.
    """

    once = True

    def __init__(self, path: str, handler: Callable[[HttpRequest], Any]) -> None:
        encoded, _, self._query = path.partition("?")
        self._path = unquote(encoded)
        self._handler = handler
        self._async = iscoroutinefunction(handler)
        # Under ASGI, the event loop of the server: what views keep may belong to it.
        self.loop: asyncio.AbstractEventLoop | None = None
        for name in ("django.request", "django.security.DisallowedHost"):
            logging.getLogger(name).addFilter(_hide)

    def __call__(self, timeout: float) -> None:
        """Request the page. Raise Unhealthy if it does not render."""
        caught: list[BaseException] = []
        if self._async:
            assert self.loop is not None
            request: HttpRequest = ASGIRequest(self._scope(), io.BytesIO())
            setattr(request, _ATTRIBUTE, caught)
            # As long as it takes: a first page may be slow, and the caller waits no longer than its deadline.
            status = asyncio.run_coroutine_threadsafe(self._astatus(request), self.loop).result()
        else:
            request = WSGIRequest(self._environ())
            setattr(request, _ATTRIBUTE, caught)
            response: HttpResponseBase = self._handler(request)
            status = response.status_code
            response.close()
        if status == 400 or status >= 500:
            reason = "".join(f": {type(error).__name__}: {error}" for error in caught)
            raise Unhealthy(mask(f"GET {self._path} answers {status}{reason}"))
        if status == 404:
            logger.warning(
                "READINESS_PAGE: GET %s answers 404, which counts as rendered. Name a page that exists.",
                self._path,
            )

    async def _astatus(self, request: HttpRequest) -> int:
        async with ThreadSensitiveContext():
            response: HttpResponseBase = await self._handler(request)
            await sync_to_async(response.close)()
        return response.status_code

    def _environ(self) -> dict[str, Any]:
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": self._path.encode().decode("latin-1"),  # as WSGI wants it
            "QUERY_STRING": iri_to_uri(self._query),
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "443" if _secure() else "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": host(settings.ALLOWED_HOSTS),
            "HTTP_ACCEPT": "text/html",
            "HTTP_USER_AGENT": "django-k8s",
            "wsgi.url_scheme": "https" if _secure() else "http",
            "wsgi.input": io.BytesIO(),
            "wsgi.errors": sys.stderr,
        }
        if _secure() and settings.SECURE_PROXY_SSL_HEADER:
            name, value = settings.SECURE_PROXY_SSL_HEADER
            environ[name] = value
        return environ

    def _scope(self) -> dict[str, Any]:
        environ = self._environ()
        headers = [
            (name.removeprefix("HTTP_").replace("_", "-").lower().encode(), value.encode())
            for name, value in environ.items()
            if name.startswith("HTTP_")
        ]
        return {
            "type": "http",
            "http_version": "1.1",
            "method": "GET",
            "scheme": environ["wsgi.url_scheme"],
            "path": self._path,
            "query_string": environ["QUERY_STRING"].encode(),
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": ("localhost", int(environ["SERVER_PORT"])),
        }


def host(allowed: list[str]) -> str:
    """Return the first host of ALLOWED_HOSTS that a request can name; ``.example.com`` allows example.com."""
    return next((name.removeprefix(".") for name in allowed if name != "*"), "localhost")


def _secure() -> bool:
    # Otherwise the answer is a redirect, which renders nothing.
    return bool(settings.SECURE_SSL_REDIRECT or settings.SESSION_COOKIE_SECURE)


def _hide(record: logging.LogRecord) -> bool:
    """Keep Django from logging, and mailing, the same failure at every probe; the health check logs it once."""
    caught = getattr(getattr(record, "request", None), _ATTRIBUTE, None)
    if caught is None:
        return True
    if record.exc_info and record.exc_info[1]:
        caught.append(record.exc_info[1])
    return False
