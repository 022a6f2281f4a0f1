"""WhiteNoise, and a missing file that no cache may remember."""

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

# The names that Django's manifest storages give: twelve hexadecimal digits before the extension.
_HASHED = re.compile(r"\.[0-9a-f]{12}\.[^/]")


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]
    """WhiteNoise's middleware with four additions.

    A path under STATIC_URL that is not there gets 404 with ``Cache-Control: no-store``: during a
    rollout a page of the new release may ask an old pod for a new file, and a CDN that remembers
    the 404 breaks the site long after. Hashed files of earlier releases, which the manifest no longer knows,
    may be cached forever like the others. Files in STATIC_ROOT are found when they are first requested, so that ten
    thousand of them do not delay the start. Under ASGI, requests that are not for a file need no thread.
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
        # A sync view's middleware is called in its thread under ASGI, too.
        asynchronous = self.is_async or isinstance(request, ASGIRequest)
        if asynchronous and isinstance(response, FileResponse):
            # Django would read the whole file first, and warn.
            response.streaming_content = pieces(response.file_to_stream)
        if self.is_async:
            return self.respond(request, response)
        answer: HttpResponseBase = self.get_response(request) if response is None else response
        return answer

    async def respond(self, request: HttpRequest, response: HttpResponseBase | None) -> HttpResponseBase:
        """``response``, or what the project answers."""
        answer: HttpResponseBase = await self.get_response(request) if response is None else response
        return answer

    def add_files(self, root: str, prefix: str | None = None) -> None:
        """Note STATIC_ROOT, whose files are looked for later, and read every other directory now."""
        if self.autorefresh or prefix != self.static_prefix or not Path(root).is_dir():
            super().add_files(root, prefix)
        else:
            self.directories.insert(0, (f"{Path(root).resolve()}/", prefix))

    def immutable_file_test(self, path: str, url: str) -> bool:
        """Return whether browsers may keep the file forever."""
        return bool(_HASHED.search(url.rpartition("/")[2]) or super().immutable_file_test(path, url))

    def file(self, request: HttpRequest) -> HttpResponseBase | None:
        """The answer for a path of a file or under STATIC_URL, else None."""
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
