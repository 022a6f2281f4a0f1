"""Request bodies that break off, and more of them at the same time than there is room for."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.patience import patience
from support.process import wait_until
from support.web import Web, web

HEAD = b"Host: example.com\r\n"
MEBIBYTE = 1 << 20

INTERFACES = pytest.mark.parametrize("interface", ["wsgi", "asgi"])


@contextlib.contextmanager
def asking(server: Web, size: int) -> Iterator[tuple[socket.socket, int]]:
    """A client that asks whether it may send ``size`` bytes, and the status that it gets: 100 if it may."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=patience(20)) as sock:
        head = HEAD + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % size
        sock.sendall(b"POST /upload HTTP/1.1\r\n" + head)
        first = status(sock)
        yield sock, first


@contextlib.contextmanager
def sending(server: Web, size: int, part: int) -> Iterator[socket.socket]:
    """A client that may send ``size`` bytes and has sent ``part`` of them."""
    with asking(server, size) as (sock, first):
        assert first == 100
        sock.sendall(b"x" * part)
        yield sock


def status(sock: socket.socket) -> int:
    """The status of the next response; 0 if there is none."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while not data.endswith(b"\r\n\r\n") and (byte := sock.recv(1)):
            data += byte
    return int(data.partition(b" ")[2][:3] or 0)


def refused(server: Web, size: int) -> bool:
    with asking(server, size) as (_, first):
        return first == 503


def answered(server: Web, size: int) -> int:
    """The status of an upload of ``size`` bytes."""
    with asking(server, size) as (sock, first):
        if first != 100:
            return first
        sock.sendall(b"x" * size)
        return status(sock)


@INTERFACES
@pytest.mark.parametrize("size", [1000, 3 * MEBIBYTE], ids=["small", "large"])
def test_broken_off_body(tmp_path: Path, interface: str, size: int) -> None:
    """If a client disconnects in the middle of a body, no view gets a part of it as the whole."""
    with web(tmp_path, WEB_INTERFACE=interface) as server:
        with sending(server, size, size - 1) as sock:
            sock.shutdown(socket.SHUT_WR)
            assert status(sock) in (0, 400)
        assert answered(server, size) == 200
        assert "Traceback" not in server.gunicorn.output


@INTERFACES
def test_no_room_for_a_body(tmp_path: Path, interface: str) -> None:
    """While large bodies take all the room that there is, another one is refused and small ones are not."""
    # Under ASGI Django may store a body twice.
    options = {"WEB_MAX_BODY_MB": "3", "WEB_UPLOADS_MB": "12" if interface == "asgi" else "6"}
    with web(tmp_path, WEB_INTERFACE=interface, **options) as server:
        size = 3 * MEBIBYTE
        with sending(server, size, 1000) as one, sending(server, size, 1000) as two:
            assert refused(server, size)
            assert answered(server, 1000) == 200
            assert answered(server, 2 * MEBIBYTE) == 200
            for sock in (one, two):
                sock.sendall(b"x" * (size - 1000))
                assert status(sock) == 200
        wait_until(lambda: answered(server, size) == 200, 10, "room again")
        assert "WEB_UPLOADS_MB" in server.gunicorn.output
        assert "Traceback" not in server.gunicorn.output


def test_no_room_for_a_body_of_unknown_length(tmp_path: Path) -> None:
    """Under ASGI Django stores it too, so it is refused as soon as it takes more than there is."""
    options = {"WEB_MAX_BODY_MB": "4", "WEB_UPLOADS_MB": "8"}
    with web(tmp_path, WEB_INTERFACE="asgi", **options) as server:
        piece = b"40000\r\n" + b"x" * 0x40000 + b"\r\n"
        with sending(server, 3 * MEBIBYTE, 1000):
            assert refused(server, 3 * MEBIBYTE)
            with socket.create_connection(("127.0.0.1", server.port), timeout=patience(20)) as sock:
                sock.sendall(b"POST /upload HTTP/1.1\r\n" + HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
                with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                    sock.sendall(piece * 11)
                assert status(sock) == 503
        assert "Traceback" not in server.gunicorn.output


def test_room_of_a_killed_process(tmp_path: Path) -> None:
    """Processes share the room for bodies, and a killed process frees its part."""
    options = {"WEB_MAX_BODY_MB": "3", "WEB_UPLOADS_MB": "3", "WEB_CONCURRENCY": "2"}
    with web(tmp_path, **options) as server:
        size = 3 * MEBIBYTE
        with sending(server, size, 1000):
            assert all(refused(server, size) for _ in range(8))
            before = server.workers
            for pid in before:
                os.kill(pid, signal.SIGKILL)
        wait_until(
            lambda: len(server.workers) == 2 and not set(server.workers) & set(before), 20, "new processes"
        )
        wait_until(lambda: answered(server, size) == 200, 20, "room")


def test_memory_for_bodies(tmp_path: Path) -> None:
    """Under ASGI any number of bodies may arrive. Those that lie in memory are refused before it is full."""
    size, refusals = 2_500_000, 0  # such a body is in memory until it is whole
    with web(tmp_path, WEB_INTERFACE="asgi") as server, contextlib.ExitStack() as stack:
        socks = []
        for _ in range(70):
            socks.append(stack.enter_context(sending(server, size, 0)))
            with contextlib.suppress(ConnectionResetError, BrokenPipeError):
                socks[-1].sendall(b"x" * (size - 1))
        for sock in socks:
            sock.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                assert status(sock) in (503, 0)
                refusals += 1
        assert (70 - refusals) * (size - 1) <= 128 * MEBIBYTE
        assert refusals < 35  # no more than that
        assert answered(server, 1000) == 200
        assert server.probe("/livez").status == 200


def test_websocket_that_nobody_serves(tmp_path: Path) -> None:
    """Django serves no WebSocket. Asking for one is refused, and logs no error."""
    with (
        web(tmp_path, WEB_INTERFACE="asgi") as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=patience(10)) as sock,
    ):
        sock.sendall(
            b"GET /where HTTP/1.1\r\n" + HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert status(sock) == 403
        assert "ERROR" not in server.gunicorn.output


def test_number_with_too_many_digits(tmp_path: Path) -> None:
    """A length that Python does not read closes the connection, with one line in the log."""
    with web(tmp_path, WEB_INTERFACE="asgi") as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=patience(10)) as sock:
            sock.sendall(
                b"POST /upload HTTP/1.1\r\n" + HEAD + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n"
            )
            assert status(sock) in (0, 400)
        assert "Invalid request" in server.gunicorn.output
        assert "Traceback" not in server.gunicorn.output
