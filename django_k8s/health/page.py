"""READINESS_PAGE, a page that must render before the pod gets traffic."""

from __future__ import annotations

import asyncio
import io
import logging
import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urljoin, urlsplit

from asgiref.sync import ThreadSensitiveContext, iscoroutinefunction, sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponseBase
from django.utils.encoding import iri_to_uri

from django_k8s.environment.masking import mask
from django_k8s.health.results import Unhealthy

logger = logging.getLogger("django_k8s.health")

# How many seconds a failure is kept. A page may be more expensive than a check, and probes come every few seconds.
KEPT_SECONDS = 15.0

_REDIRECTS = 5  # the most pages that are requested, such as a start page and the login page

_ATTRIBUTE = "readiness_page"  # marks our own requests, to recognize them in log records


class Page:
    """A health check that requests ``path`` in this process. It fails on 400 and 5xx, and logs a 404.

    It detects problems that make every page fail although all dependencies are up: a missing manifest of static files, a
    missing template, or hosts that are not allowed. Redirects on this site are followed, because many start pages lead
    to a login. ``handler`` answers the request, below all middleware that must not see it. After the check has passed,
    it does not run again.
    """

    once = True

    def __init__(self, path: str, handler: Callable[[HttpRequest], Any]) -> None:
        self._path = path
        self._handler = handler
        self._async = iscoroutinefunction(handler)
        # The event loop of the server under ASGI, because objects that views keep may belong to it.
        self.loop: asyncio.AbstractEventLoop | None = None
        for name in ("django.request", "django.security.DisallowedHost"):
            logging.getLogger(name).addFilter(_hide)

    def __call__(self, timeout: float) -> None:
        """Request the page, and follow redirects on this site. Raise Unhealthy if a page does not render."""
        address = self._path
        for _ in range(_REDIRECTS):
            caught: list[BaseException] = []
            path, _, query = address.partition("?")
            status, location = self._get(unquote(path), query, caught)
            if status == 400 or status >= 500:
                reason = "".join(f": {type(error).__name__}: {error}" for error in caught)
                raise Unhealthy(mask(f"GET {unquote(path)} answers {status}{reason}"))
            if status == 404 and address == self._path:
                logger.warning(
                    "READINESS_PAGE: GET %s answers 404, which counts as rendered. Name a page that exists.",
                    unquote(path),
                )
            address = _on_this_site(location, address) if 300 <= status < 400 else ""
            if not address:
                return

    def _get(self, path: str, query: str, caught: list[BaseException]) -> tuple[int, str]:
        """Return the status of a page, and where it redirects to."""
        if self._async:
            assert self.loop is not None
            request: HttpRequest = ASGIRequest(self._scope(path, query), io.BytesIO())
            setattr(request, _ATTRIBUTE, caught)
            # There is no timeout here. A first page may be slow, and the caller waits only until its deadline.
            return asyncio.run_coroutine_threadsafe(self._aget(request), self.loop).result()
        request = WSGIRequest(self._environ(path, query))
        setattr(request, _ATTRIBUTE, caught)
        response: HttpResponseBase = self._handler(request)
        response.close()
        return response.status_code, response.headers.get("Location", "")

    async def _aget(self, request: HttpRequest) -> tuple[int, str]:
        async with ThreadSensitiveContext():
            response: HttpResponseBase = await self._handler(request)
            await sync_to_async(response.close)()
        return response.status_code, response.headers.get("Location", "")

    def _environ(self, path: str, query: str) -> dict[str, Any]:
        environ = {
            "REQUEST_METHOD": "GET",
            "SCRIPT_NAME": "",
            "PATH_INFO": path.encode().decode("latin-1"),  # as WSGI requires
            "QUERY_STRING": iri_to_uri(query),
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

    def _scope(self, path: str, query: str) -> dict[str, Any]:
        environ = self._environ(path, query)
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
            "path": path,
            "query_string": environ["QUERY_STRING"].encode(),
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": ("localhost", int(environ["SERVER_PORT"])),
        }


def _on_this_site(location: str, address: str) -> str:
    """Return the path and query of a redirect, or an empty string if it leads to another host."""
    target = urlsplit(urljoin(address, location))
    if not location or target.netloc not in ("", host(settings.ALLOWED_HOSTS)):
        return ""
    return f"{target.path or '/'}{f'?{target.query}' if target.query else ''}"


def host(allowed: list[str]) -> str:
    """Return the first host in ALLOWED_HOSTS that a request can have. ``.example.com`` allows example.com."""
    return next((name.removeprefix(".") for name in allowed if name != "*"), "localhost")


def _secure() -> bool:
    # Without HTTPS, the answer would be a redirect, which renders nothing.
    return bool(settings.SECURE_SSL_REDIRECT or settings.SESSION_COOKIE_SECURE)


def _hide(record: logging.LogRecord) -> bool:
    """Keep Django from logging and mailing the same failure at every probe. The health check logs it once."""
    caught = getattr(getattr(record, "request", None), _ATTRIBUTE, None)
    if caught is None:
        return True
    if record.exc_info and record.exc_info[1]:
        caught.append(record.exc_info[1])
    return False
