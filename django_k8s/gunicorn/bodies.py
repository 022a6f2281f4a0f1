"""Request bodies: one that is too large is refused before it is stored anywhere, one that stalls is answered.

The server does this and no middleware: under ASGI, Django stores the whole body before the first
middleware runs.
"""

from __future__ import annotations

import errno
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from django_k8s.gunicorn.client_socket import ClientStalledError

TOO_LARGE = "413 Content Too Large"
STALLED = "408 Request Timeout"

_log = logging.getLogger("gunicorn.error")

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]


class BodyTooLargeError(OSError):
    """A body of unknown length has become too large."""

    def __init__(self) -> None:
        super().__init__(errno.EFBIG, "The request body is larger than WEB_MAX_BODY_MB.")


def report(client: object) -> None:
    """Log that a body was refused, for whoever looks for the reason of a 413."""
    _log.warning("413: a request body of %s is larger than WEB_MAX_BODY_MB.", client)


def _expected(record: logging.LogRecord) -> bool:
    """Log a refused body as what it is: one line, and not an error of the application with its traceback."""
    error = record.exc_info[1] if record.exc_info else None
    while error is not None and not isinstance(error, ClientStalledError | BodyTooLargeError):
        error = error.__cause__
    if error is not None:
        status = STALLED if isinstance(error, ClientStalledError) else TOO_LARGE
        path = record.args[-1] if isinstance(record.args, tuple) and record.args else ""
        record.msg, record.args = "%s: %s", (status[4:], path)
        record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
    return True


class Body:
    """Wrap gunicorn's reader of one request body, and keep the status with which the body was refused."""

    refusal = ""

    def __init__(self, reader: Any, request: Any, largest: int) -> None:
        self._reader, self._request = reader, request
        self._left: float = largest or math.inf

    def read(self, size: int) -> bytes:
        try:
            data: bytes = self._reader.read(size)
        except ClientStalledError:
            self._refuse(STALLED)
            raise
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
    """Return a WSGI application whose answer to a refused body has the right status, whatever it makes of the error."""
    logging.getLogger("django.request").addFilter(_expected)

    def answering(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        body = getattr(environ["wsgi.input"], "reader", None)
        if type(body) is not Body:
            return application(environ, start_response)

        def start(status: str, *others: Any) -> Any:
            return start_response(body.refusal or status, *others)

        return application(environ, start)

    return answering


def limited(application: Asgi, largest: int) -> Asgi:
    """Return an ASGI application that gets no request body of more than ``largest`` bytes."""

    async def limiting(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await application(scope, receive, send)
        length = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
        if length:
            # Nobody reads more than this.
            if int(length) > largest:
                report(scope.get("client"))
                return await _refuse(send)
            return await application(scope, receive, send)
        left, begun = largest, False

        async def counting() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            return message if left >= 0 else {"type": "http.disconnect"}

        async def noticing(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        await application(scope, counting, noticing)
        if left < 0:
            report(scope.get("client"))
            if not begun:
                await _refuse(send)
        return None

    return limiting


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain"), (b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
