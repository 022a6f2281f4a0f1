"""A socket that fails if its client makes no progress, and shows which threads wait for a client."""

from __future__ import annotations

import errno
import socket
import struct
from typing import Any, Self

# Only Linux has it. Elsewhere, a client that does not read is not disconnected.
_USER_TIMEOUT = getattr(socket, "TCP_USER_TIMEOUT", None)


class ClientStalledError(ConnectionResetError):
    """The client neither sent nor read a byte for too long.

    gunicorn treats it as a lost connection, and logs nothing. Django raises ``UnreadablePostError``.
    """

    def __init__(self, message: str) -> None:
        super().__init__(errno.ECONNRESET, message)


def set_user_timeout(sock: socket.socket, seconds: int) -> None:
    """Let the kernel close the connection if the client reads nothing for ``seconds``.

    A timeout of the socket would apply to the whole ``sendall``, and interrupt a long download.
    """
    if _USER_TIMEOUT is not None:
        sock.setsockopt(socket.IPPROTO_TCP, _USER_TIMEOUT, seconds * 1000)


class ClientSocket(socket.socket):
    """A client's connection, as a thread reads and writes it."""

    waiting = False
    """Whether a thread waits for the client at this moment."""

    @classmethod
    def adopt(cls, sock: socket.socket, seconds: int) -> Self:
        """Return ``sock`` as a socket that fails after ``seconds`` without progress.

        Raise OSError if the client has disconnected.
        """
        adopted = cls(sock.family, sock.type, sock.proto, fileno=sock.detach())
        try:
            # This applies to each recv. Unlike settimeout, it does not affect writing.
            adopted.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, 0))
            set_user_timeout(adopted, seconds)
        except OSError:
            adopted.close()
            raise
        return adopted

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        self.waiting = True
        try:
            return super().recv(bufsize, flags)
        except BlockingIOError:
            if self.gettimeout() is None:  # without SO_RCVTIMEO, it would block forever
                raise ClientStalledError("The client stopped sending its request.") from None
            raise
        except TimeoutError as error:
            raise _stalled(error) from None
        finally:
            self.waiting = False

    def send(self, data: Any, flags: int = 0, /) -> int:
        self.waiting = True
        try:
            return super().send(data, flags)
        except TimeoutError as error:
            raise _stalled(error) from None
        finally:
            self.waiting = False

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        self.waiting = True
        try:
            super().sendall(data, flags)
        except TimeoutError as error:
            raise _stalled(error) from None
        finally:
            self.waiting = False

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        self.waiting = True
        try:
            return super().sendfile(file, offset, count)
        except TimeoutError as error:
            raise _stalled(error) from None
        finally:
            self.waiting = False


def _stalled(error: TimeoutError) -> OSError:
    """Return the error for a stalled client. The kernel's timeout has an error number, the socket's has none."""
    return (
        ClientStalledError("The client does not read the response.")
        if error.errno == errno.ETIMEDOUT
        else error
    )
