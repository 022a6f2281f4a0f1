"""Refuse request bodies that are too large before they are stored, and never treat an incomplete body as complete.

The server does this instead of a middleware, because under ASGI, Django stores the whole body before the first
middleware runs.
"""

from __future__ import annotations

import errno
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from django.core.handlers.asgi import ASGIHandler

from django_k8s.gunicorn.body_room import Share
from django_k8s.gunicorn.limits import limits
from django_k8s.gunicorn.stalled_clients import ClientStalledError

TOO_LARGE = "413 Content Too Large"
STALLED = "408 Request Timeout"
BROKEN_OFF = "400 Bad Request"

_RETRY_SECONDS = b"10"
_GONE: dict[str, Any] = {"type": "http.disconnect"}

_log = logging.getLogger("gunicorn.error")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class RefusedBodyError(OSError):
    """A body was refused while it was read. The client gets ``status``."""

    status = ""


class BodyTooLargeError(RefusedBodyError):
    """A body of unknown length has become too large."""

    status = TOO_LARGE

    def __init__(self) -> None:
        super().__init__(errno.EFBIG, "The request body is larger than WEB_MAX_BODY_MB.")


class BrokenOffError(RefusedBodyError):
    """The client disconnected before it had sent the body that it announced."""

    status = BROKEN_OFF

    def __init__(self) -> None:
        super().__init__(errno.ECONNRESET, "The client has sent only a part of the request body.")


def report(client: object) -> None:
    """Log that a body was refused, so that the reason for a 413 can be found."""
    _log.warning("413: a request body of %s is larger than WEB_MAX_BODY_MB.", client)


def report_no_room(client: object) -> None:
    """Log that a body was refused, so that the reason for a 503 can be found."""
    _log.warning(
        "503: a request body of %s is refused, because others use all the space of WEB_UPLOADS_MB.", client
    )


def _expected(record: logging.LogRecord) -> bool:
    """Log a refused body in one line, not as an error of the application with a traceback."""
    error = record.exc_info[1] if record.exc_info else None
    while error is not None and not isinstance(error, ClientStalledError | RefusedBodyError):
        error = error.__cause__
    if error is not None:
        status = error.status if isinstance(error, RefusedBodyError) else STALLED
        path = record.args[-1] if isinstance(record.args, tuple) and record.args else ""
        record.msg, record.args = "%s: %s", (status[4:], path)
        record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
    return True


class Body:
    """Wrap gunicorn's reader of one request body, and keep the status with which the body was refused."""

    refusal = ""

    def __init__(self, reader: Any, request: Any, length: int | None) -> None:
        self._reader, self._request, self._length = reader, request, length
        self._left: float = (limits().body or math.inf) if length is None else length

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self._reader.read(size)
        except ClientStalledError:
            self._refuse(STALLED)
            raise
        except ConnectionError as error:
            self._refuse(BROKEN_OFF)
            raise BrokenOffError from error
        # gunicorn returns the part that has arrived, as if it were the complete body.
        if self._length is not None and len(data) < min(size, self._left):
            self._refuse(BROKEN_OFF)
            raise BrokenOffError
        self._left -= len(data)
        if self._left < 0:
            self._refuse(TOO_LARGE)
            report(self._request.remote_addr)
            raise BodyTooLargeError
        return data

    def _refuse(self, status: str) -> None:
        self.refusal = status
        self._request.force_close()


def answer_refusals(application: Wsgi) -> Wsgi:
    """Return a WSGI application that answers a refused body with the right status, however ``application`` handles the error."""
    logging.getLogger("django.request").addFilter(_expected)

    def answering(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = getattr(environ["wsgi.input"], "reader", None)
        if type(body) is not Body:
            return application(environ, start_response)

        def start(status: str, *others: Any) -> Any:
            return start_response(body.refusal or status, *others)

        return application(environ, start)

    return answering


def limited(application: Asgi) -> Asgi:
    """Return an ASGI application that never gets a body that is too large, or for which there is no room."""

    async def limiting(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and isinstance(application, ASGIHandler):
            # Django would raise an error, so any stranger could fill the log with tracebacks.
            await receive()
            return await send({"type": "websocket.close"})
        if scope["type"] != "http":
            return await application(scope, receive, send)
        length = _announced(scope)
        if length is None:
            return await application(scope, receive, send)
        left = limits().body or math.inf
        if length > left:
            report(scope.get("client"))
            return await _refuse(send, 413)
        share = Share(length)
        if not share.begin():
            report_no_room(scope.get("client"))
            return await _refuse(send, 503)
        refused, begun = 0, False

        async def counting() -> Message:
            nonlocal left, refused
            message = await receive()
            size = len(message.get("body", b""))
            if not size or refused:
                return message if not refused else _GONE
            left -= size
            if left < 0:
                refused = 413
                report(scope.get("client"))
            elif not share.add(size):
                refused = 503
                report_no_room(scope.get("client"))
            return message if not refused else _GONE

        async def noticing(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await application(scope, counting, noticing)
        finally:
            share.release()
        if refused and not begun:
            await _refuse(send, refused)
        return None

    return limiting


def _announced(scope: dict[str, Any]) -> int | None:
    """Return the length of the body, 0 if it is unknown, or None if there is no body."""
    # In HTTP/2, the last frame has a mark.
    length, unknown = 0, not scope["http_version"].startswith("1")
    for name, value in scope["headers"]:
        if name == b"content-length":
            length = int(value)
        elif name == b"transfer-encoding":
            unknown = True
    return length if length or unknown else None


async def _refuse(send: Send, status: int) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"0"), (b"connection", b"close")]
    if status == 503:
        headers.append((b"retry-after", _RETRY_SECONDS))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
