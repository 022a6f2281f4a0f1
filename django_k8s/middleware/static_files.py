"""WhiteNoise's middleware, with additions for Kubernetes."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import ImproperlyConfigured
from django.core.handlers.asgi import ASGIRequest
from django.http import FileResponse, HttpRequest, HttpResponseBase, HttpResponseNotFound

from django_k8s.middleware.file_pieces import pieces

try:
    from whitenoise.middleware import WhiteNoiseMiddleware
except ImportError as error:
    raise ImproperlyConfigured(
        "django_k8s.middleware.StaticFilesMiddleware needs WhiteNoise, which is not installed."
        " Add the extra: django-k8s-toolkit[web]."
    ) from error

# Django's manifest storages put twelve hexadecimal digits before the extension.
_HASHED = re.compile(r"\.[0-9a-f]{12}\.[^/]")


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise's middleware with four additions.

    A missing file under STATIC_URL is answered with 404 and ``Cache-Control: no-store``. During a rollout, a page of the
    new release may request a new file from an old pod. If a CDN remembered the 404, the site would stay broken.

    Hashed files of earlier releases, which are no longer in the manifest, may be cached forever like the others. Files in
    STATIC_ROOT are looked up when they are first requested, so that ten thousand of them do not delay the start. Under
    ASGI, requests that are not for a file do not need a thread.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response = self.file(request)
        # Under ASGI, the middleware of a sync view may be called in its thread.
        asynchronous = self.is_async or isinstance(request, ASGIRequest)
        if asynchronous and isinstance(response, FileResponse):
            # Django would read the whole file first and log a warning.
            response.streaming_content = pieces(response.file_to_stream)
        if self.is_async:
            return self.respond(request, response)
        answer: HttpResponseBase = self.get_response(request) if response is None else response
        return answer

    async def respond(self, request: HttpRequest, response: HttpResponseBase | None) -> HttpResponseBase:
        """Return ``response``, or the project's response if it is None."""
        answer: HttpResponseBase = await self.get_response(request) if response is None else response
        return answer

    def add_files(self, root: str, prefix: str | None = None) -> None:
        """Remember STATIC_ROOT for later look-ups, and read every other directory now."""
        if self.autorefresh or prefix != self.static_prefix or not Path(root).is_dir():
            super().add_files(root, prefix)
        else:
            self.directories.insert(0, (f"{Path(root).resolve()}/", prefix))

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Return whether browsers may keep the file forever."""
        return bool(_HASHED.search(url.rpartition("/")[2]) or super().immutable_file_test(path, url))

    def file(self, request: HttpRequest) -> HttpResponseBase | None:
        """Return the response for a file or a path under STATIC_URL, or None for other paths."""
        path = request.path_info
        static_file = self.find_file(path) if self.autorefresh else self.files.get(path)
        if static_file is None and not self.autorefresh and path.startswith(self.static_prefix):
            static_file = self.find_file(path)
            if static_file is not None:
                self.files[path] = static_file
        if static_file is not None:
            return self.serve(static_file, request)  # type: ignore[no-any-return]
        if path.startswith(self.static_prefix) and not self.autorefresh:
            return HttpResponseNotFound(
                "Not found", content_type="text/plain", headers={"Cache-Control": "no-store"}
            )
        return None
