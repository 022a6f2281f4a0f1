"""Serve uploads on a volume so that they are safe to open in a browser."""

from __future__ import annotations

import asyncio
import errno
import logging
import mimetypes
import os
import re
import stat
from collections.abc import Awaitable, Callable
from io import RawIOBase
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed, SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.core.handlers.asgi import ASGIRequest
from django.http import (
    FileResponse,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseNotFound,
)
from django.utils.cache import get_conditional_response
from django.utils.http import http_date

from django_k8s import conf
from django_k8s.middleware.file_pieces import PIECE_BYTES, pieces

_log = logging.getLogger("django_k8s.media")

# Types that a browser can show without running code on behalf of the site. Everything else is downloaded without its
# type, so that no page can load a script or a style sheet that a user has uploaded.
_SHOWN = re.compile(
    r"image/(png|jpeg|gif|webp|avif|bmp|vnd\.microsoft\.icon|x-icon)|(audio|video)/[\w.+-]+|application/pdf|text/(plain|vtt)"
)
# Its scripts do not run in an <img>. They would if it were opened directly, so then it is downloaded.
_DRAWING = "image/svg+xml"
_UNKNOWN = "application/octet-stream"
# Python does not know these, or only in newer versions than the oldest that we support.
_TYPES = {
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".m4a": "audio/mp4",
    ".ogg": "audio/ogg",
    ".ogv": "video/ogg",
    ".vtt": "text/vtt",
    ".webp": "image/webp",
}
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# There is no file with this name, or none that can be read.
_ABSENT = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.ENXIO)


class MediaFilesMiddleware:
    """Serve uploads below MEDIA_URL from the directory of the default storage, if MEDIA_SERVE is on.

    Put it after SecurityMiddleware. Everybody who knows the URL of an upload can see it. To restrict this, turn
    MEDIA_SERVE off and call :func:`serve_media` in a view. It works under WSGI and under ASGI.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        if not conf.current().media_serve:
            raise MiddlewareNotUsed
        self.prefix = _of_files(storages["default"])
        if self.prefix == "/":  # uploads are elsewhere, or MEDIA_URL would match every page
            raise MiddlewareNotUsed
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        """Serve an upload, or pass the request on."""
        if not request.path_info.startswith(self.prefix):
            answer: HttpResponseBase | Awaitable[HttpResponseBase] = self.get_response(request)
            return answer
        name = request.path_info.removeprefix(self.prefix)
        # Use a thread, because a volume may be slow.
        return asyncio.to_thread(serve_media, request, name) if self.is_async else serve_media(request, name)


def _of_files(storage: Storage) -> str:
    """Return the URL prefix of a storage of files, or ``/`` for any other storage."""
    try:
        return _prefix(storage.base_url) if isinstance(storage, FileSystemStorage) else "/"
    except Exception as error:
        # The project's own class may read its configuration only when it is used. The pages work without it.
        _log.error(
            "Uploads are not served: the default storage raises %s when it is used.", type(error).__name__
        )
        return "/"


def serve_media(request: HttpRequest, name: str) -> HttpResponseBase:
    """Return the upload ``name``, a path below MEDIA_ROOT with slashes, or 404.

    Browsers show images, audio, video, PDF and plain text. Everything else is downloaded as bytes without a type, because
    a browser could run it on behalf of the site. A page can still show an SVG in an ``<img>``. GET, HEAD, conditional
    requests and single ranges are answered. Directories, hidden files and links out of MEDIA_ROOT are not found.

    Use it as a view to restrict who may see uploads::

        path("media/<path:name>", login_required(serve_media))
    """
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    file = _open(name)
    if file is None:
        # The file may appear soon, so no cache may remember that it is missing.
        return HttpResponseNotFound(
            "Not found", content_type="text/plain", headers={"Cache-Control": "no-store"}
        )
    status = os.fstat(file.fileno())
    headers = {
        "ETag": f'"{status.st_mtime_ns:x}-{status.st_size:x}"',
        "Last-Modified": http_date(status.st_mtime),
        "Cache-Control": "max-age=60",
        "X-Content-Type-Options": "nosniff",
    }
    unconditional = HttpResponse(headers=headers)
    answer = get_conditional_response(request, headers["ETag"], int(status.st_mtime), unconditional)
    if answer is not unconditional:
        file.close()
        assert answer is not None
        return answer
    return _whole_or_part(request, file, name.rpartition("/")[2], status.st_size, headers)


def _prefix(url: str | None) -> str:
    """Return MEDIA_URL as it appears in ``request.path_info``: without a CDN's host and the script name."""
    script = (settings.FORCE_SCRIPT_NAME or "").rstrip("/")
    return f"/{urlsplit(url or '').path.removeprefix(script).lstrip('/')}"


def _open(name: str) -> BinaryIO | None:
    """Open a regular file below MEDIA_ROOT. Return None if there is none with this name."""
    storage = storages["default"]
    assert isinstance(storage, FileSystemStorage), "uploads are not stored in a directory"
    if _CONTROL.search(name) or any(not part or part.startswith(".") for part in name.split("/")):
        return None
    try:
        path = os.path.realpath(storage.path(name), strict=True)
        if not Path(path).is_relative_to(os.path.realpath(storage.location)):
            return None
        # Opening a pipe would otherwise wait for its other end.
        number = os.open(path, os.O_NOFOLLOW | os.O_NONBLOCK)
    except (ValueError, SuspiciousFileOperation):
        return None
    except PermissionError:
        _log.warning(
            "The upload %s may not be read. Check the owner and the mode of files on the volume.", name
        )
        return None
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise
    if stat.S_ISREG(os.fstat(number).st_mode):
        return os.fdopen(number, "rb")
    os.close(number)
    return None


def _whole_or_part(
    request: HttpRequest, file: BinaryIO, name: str, size: int, headers: dict[str, str]
) -> HttpResponseBase:
    part = _range(request, size, headers)
    first, last = part or (0, size - 1)
    if part and first > last:
        file.close()
        return HttpResponse(status=416, headers={**headers, "Content-Range": f"bytes */{size}"})
    kind = _TYPES.get(Path(name).suffix.lower()) or _guess(name)
    shown = _SHOWN.fullmatch(kind)
    if not shown and kind != _DRAWING:
        kind = _UNKNOWN
    if kind == "text/plain":
        kind = "text/plain; charset=utf-8"
    response = FileResponse(
        Part(file, first, last) if part else file,
        as_attachment=not shown,
        filename=name,
        content_type=kind,
        headers=headers,
    )
    response.block_size = PIECE_BYTES
    response["Accept-Ranges"] = "bytes"
    response["Content-Length"] = str(last - first + 1)
    if part:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    if not shown:
        response["Content-Security-Policy"] = "sandbox"
    if isinstance(request, ASGIRequest):
        response.streaming_content = pieces(response.file_to_stream)
    return response


def _guess(name: str) -> str:
    # With a slash before it, no name can be a data URL.
    kind, encoding = mimetypes.guess_type(f"/{name}")
    return _UNKNOWN if encoding or not kind else kind


# Players need ranges, and some browsers do not play a video without them. Django does not support ranges. WhiteNoise
# supports them only for its own files, refuses a single byte and ignores If-Range.
def _range(request: HttpRequest, size: int, headers: dict[str, str]) -> tuple[int, int] | None:
    """Return the positions of the first and the last requested byte, or None for the whole file.

    If the file has no such bytes, the first is greater than the last.
    """
    found = _RANGE.fullmatch(request.headers.get("Range", "").strip())
    condition = request.headers.get("If-Range")
    if (
        not found
        or request.method != "GET"
        or condition not in (None, headers["ETag"], headers["Last-Modified"])
    ):
        return None
    first, last = found.groups()
    if first:
        if last and int(last) < int(first):
            return None
        return int(first), min(int(last or size), size - 1)
    return (max(size - int(last), 0), size - 1) if last else None


class Part(RawIOBase):
    """The bytes of ``file`` from ``first`` to ``last``, both included."""

    def __init__(self, file: BinaryIO, first: int, last: int) -> None:
        file.seek(first)
        self._file, self._left = file, last - first + 1

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read the next bytes of the part into ``buffer``, and return their number."""
        piece = self._file.read(min(len(buffer), self._left))
        self._left -= len(piece)
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close the part and its file."""
        self._file.close()
        super().close()
