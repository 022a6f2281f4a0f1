"""How a web process ends: what is in flight completes, what idles is not waited for."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from support.patience import patience
from support.process import wait_until
from support.web import Web, migrate, web

GRACEFUL = 30  # the graceful timeout
LINGER = 2  # seconds after which a client that does not close is let go

INTERFACES = pytest.mark.parametrize("interface", ["wsgi", "asgi"])


def connect(server: Web) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=patience(20))


def ask(sock: socket.socket, path: str = "/where", connection: str = "keep-alive") -> bytes:
    """One request without a body, and its whole answer."""
    sock.sendall(f"GET {path} HTTP/1.1\r\nHost: example.com\r\nConnection: {connection}\r\n\r\n".encode())
    return answer(sock)


def answer(sock: socket.socket) -> bytes:
    """An answer by its Content-Length, else up to the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        piece = sock.recv(65536)
        if not piece:
            return data
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
    length = int(lengths[0].split(b":")[1]) if lengths else 1 << 40
    while len(body) < length and (piece := sock.recv(65536)):
        body += piece
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def kept(server: Web, number: int) -> Iterator[list[socket.socket]]:
    """Connections that have served one request and idle."""
    with contextlib.ExitStack() as stack:
        socks = [stack.enter_context(connect(server)) for _ in range(number)]
        for sock in socks:
            assert ask(sock).startswith(b"HTTP/1.1 200")
        yield socks


def in_flight(server: Web, ask_slowly: Callable[[threading.Event], bytes]) -> tuple[bytes, float]:
    """The answer to a request that is in flight at SIGTERM, and the seconds from SIGTERM to the exit."""
    begun = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        asked: Future[bytes] = pool.submit(ask_slowly, begun)
        assert begun.wait(patience(20))
        terminated = time.monotonic()
        assert server.stop() == 0, server.gunicorn.output
        return asked.result(patience(20)), time.monotonic() - terminated


@INTERFACES
def test_idle_connections_are_not_waited_for(tmp_path: Path, interface: str) -> None:
    """Ten idle connections: SIGTERM ends in about 3 s, not after the graceful timeout, with 0."""
    with web(tmp_path, WEB_INTERFACE=interface) as server, kept(server, 10):
        assert server.stop(8, below=GRACEFUL) == 0


@INTERFACES
def test_kept_connection_is_told(tmp_path: Path, interface: str) -> None:
    """A request that comes on a kept connection just after SIGTERM is answered, and told to close."""
    with web(tmp_path, WEB_INTERFACE=interface) as server, kept(server, 4) as socks:
        server.gunicorn.signal(signal.SIGTERM)
        for sock in socks:
            answered = b""
            while b"connection: close" not in answered.lower():  # the signal may not have arrived yet
                answered = ask(sock)
                assert answered.startswith(b"HTTP/1.1 200")
            assert sock.recv(1) == b""
        assert server.gunicorn.wait(10) == 0


@INTERFACES
def test_connection_that_was_to_stay_is_told(tmp_path: Path, interface: str) -> None:
    """An answer that began before SIGTERM has announced that its connection stays: one more is answered."""
    with web(tmp_path, WEB_INTERFACE=interface) as server, connect(server) as sock:
        sock.sendall(b"GET /stream?pieces=5&pause=0.3 HTTP/1.1\r\nHost: example.com\r\n\r\n")
        streamed = sock.recv(65536)
        server.gunicorn.signal(signal.SIGTERM)
        while not streamed.endswith(b"\r\n0\r\n\r\n"):
            piece = sock.recv(65536)
            assert piece, streamed
            streamed += piece
        assert b"connection: close" not in streamed.lower()
        answered = ask(sock)
        assert answered.startswith(b"HTTP/1.1 200")
        assert b"connection: close" in answered.lower()
        assert server.gunicorn.wait(10) == 0


@INTERFACES
def test_slow_upload_in_flight_completes(tmp_path: Path, interface: str) -> None:
    """An upload that is half done at SIGTERM is read to its end and answered."""
    body = b"0123456789abcdef" * 16_384  # 256 KiB

    def upload(begun: threading.Event) -> bytes:
        with connect(server) as sock:
            sock.sendall(
                b"POST /upload HTTP/1.1\r\nHost: example.com\r\nContent-Length: %d\r\n\r\n" % len(body)
            )
            for number, start in enumerate(range(0, len(body), 16_384)):
                sock.sendall(body[start : start + 16_384])
                if number == 4:
                    begun.set()
                time.sleep(0.4)
            return answer(sock)

    with web(tmp_path, WEB_INTERFACE=interface) as server:
        answered, took = in_flight(server, upload)
    assert answered.startswith(b"HTTP/1.1 200"), answered
    received = json.loads(answered.partition(b"\r\n\r\n")[2])
    assert received == {"length": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    assert took > 3


@INTERFACES
def test_stream_in_flight_completes(tmp_path: Path, interface: str) -> None:
    """A streamed answer that is half sent at SIGTERM is sent to its end."""

    def stream(begun: threading.Event) -> bytes:
        with connect(server) as sock:
            sock.sendall(
                b"GET /stream?pieces=8&pause=0.4 HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n"
            )
            first = sock.recv(65536)
            begun.set()
            return first + b"".join(iter(lambda: sock.recv(65536), b""))

    with web(tmp_path, WEB_INTERFACE=interface) as server:
        answered, _ = in_flight(server, stream)
    assert answered.count(b"line ") == 8


def test_endless_request_is_cut_inside_the_grace_period(tmp_path: Path) -> None:
    """A request longer than the graceful timeout does not hold the pod until SIGKILL."""
    options = {"WEB_GRACE_SECONDS": "12", "DRAIN_SECONDS": "4"}  # leaves 3 s
    with web(tmp_path, **options) as server, connect(server) as sock:
        sock.sendall(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: example.com\r\n\r\n")
        time.sleep(0.5)
        assert server.stop(8, below=12) == 0


@pytest.mark.parametrize("pool", ["0", "8"], ids=["kept connections", "pool"])
@INTERFACES
def test_database_connections_hold_up_no_exit(
    tmp_path: Path, postgres_url: str, interface: str, pool: str
) -> None:
    """psycopg's pool can hold the end of a process for 20 s; closed in time, it does not."""
    options = {"DATABASE_URL": migrate(postgres_url), "DATABASE_POOL_SIZE": pool, "WEB_INTERFACE": interface}
    with web(tmp_path, **options) as server:
        with ThreadPoolExecutor(8) as clients:
            assert {reply.status for reply in clients.map(lambda _: server.get("/"), range(40))} == {200}
        assert server.stop(8, below=20) == 0
        assert "Traceback" not in server.gunicorn.output
        assert "Exception" not in server.gunicorn.output


@INTERFACES
def test_clients_that_do_not_close_hold_up_nobody(tmp_path: Path, interface: str) -> None:
    """Clients that do not close their connection when told to do not delay the next request."""
    with web(tmp_path, WEB_INTERFACE=interface) as server, contextlib.ExitStack() as stack:
        for number in (8, 40):
            for _ in range(number):
                sock = stack.enter_context(connect(server))
                assert ask(sock, connection="close").startswith(b"HTTP/1.1 200")
            began = time.monotonic()
            assert server.get("/where").status == 200
            took = time.monotonic() - began
            print(f"{number} clients that do not close: next request after {took * 1000:.0f} ms")
            assert took < patience(1, below=LINGER)
        if interface == "wsgi":
            wait_until(lambda: sockets(server.workers[0]) < 10, 8, "the end of the connections")
        assert server.stop() == 0


def test_early_answer_survives_an_upload(tmp_path: Path) -> None:
    """A view that does not read its body: what the client goes on sending does not destroy the answer."""
    with web(tmp_path) as server, connect(server) as sock:
        sock.sendall(
            b"POST /where HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\nContent-Length: 40000\r\n\r\n"
        )
        time.sleep(0.5)
        for _ in range(4):
            sock.sendall(b"x" * 10_000)
            time.sleep(0.1)
        assert answer(sock).startswith(b"HTTP/1.1 ")


def sockets(pid: int) -> int:
    """How many sockets a process has open."""
    number = 0
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            number += str(path.readlink()).startswith("socket:")
    return number


@INTERFACES
def test_stop_while_a_process_is_forked(tmp_path: Path, interface: str) -> None:
    """A process that has not come to listening to signals yet ends at once too, not with the grace."""
    with web(tmp_path, WEB_INTERFACE=interface, TEST_FORK_SECONDS="1") as server:
        (old,) = server.workers
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: server.workers not in ([], [old]), 10, "another process")
        assert server.stop(10, below=GRACEFUL) == 0
        assert server.gunicorn.output.count("Booting worker") == 2
