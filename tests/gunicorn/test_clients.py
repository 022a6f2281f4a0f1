"""Clients that are silent, slow or greedy: they occupy no thread, and nobody else notices them."""

from __future__ import annotations

import contextlib
import http.client
import os
import resource
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.patience import patience
from support.process import stays, wait_until
from support.web import Web, web

from django_k8s.probe import heartbeat

THREADS = 8  # WEB_THREADS where a test does not set it
HEAD = b"Host: example.com\r\n"
GET = b"GET /where HTTP/1.1\r\n" + HEAD + b"\r\n"
UPLOAD = b"POST /upload HTTP/1.1\r\n" + HEAD + b"Content-Length: 100000\r\n\r\n"

INTERFACES = pytest.mark.parametrize("interface", ["wsgi", "asgi"])

SILENT = {
    "nothing": b"",
    "a byte": b"G",
    "half a head": b"GET /where HTTP/1.1\r\nHost: exam",
    "half of the next head": GET + b"GET /where HT",
}


def connect(server: Web) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=patience(10))


@contextlib.contextmanager
def clients(server: Web, number: int, said: bytes) -> Iterator[list[socket.socket]]:
    """Clients that have said this much and say no more."""
    with contextlib.ExitStack() as stack:
        socks = []
        for _ in range(number):
            sock = stack.enter_context(connect(server))
            sock.sendall(said)
            if said.startswith(GET):
                assert response(sock).startswith(b"HTTP/1.1 200")
            socks.append(sock)
        yield socks


@contextlib.contextmanager
def many_descriptors() -> Iterator[None]:
    """Let this process, and those that it starts, have more than a thousand connections."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(4096, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def response(sock: socket.socket) -> bytes:
    """The response to one request for /where."""
    data = b""
    while not data.endswith(b"}"):
        piece = sock.recv(65536)
        assert piece, data
        data += piece
    return data


def told(sock: socket.socket) -> bytes:
    """Everything up to the end of the connection, whichever way it ends."""
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := sock.recv(65536):
            data += piece
    return data


def serves(server: Web, workers: list[int]) -> None:
    """Requests and probes are answered, by the same processes."""
    for _ in range(5):
        assert server.get("/where", timeout=2).status == 200
    assert server.probe("/livez").status == 200
    assert server.workers == workers


def busy(server: Web) -> int:
    return sum(beat["busy"] for beat in heartbeat.read(server.state / "web"))


@pytest.mark.parametrize("said", list(SILENT.values()), ids=list(SILENT))
@INTERFACES
def test_silent_clients(tmp_path: Path, interface: str, said: bytes) -> None:
    """Many more silent clients than threads: no request waits, no probe fails, and the stop is quick."""
    with web(tmp_path, WEB_INTERFACE=interface) as server:
        workers = server.workers
        with clients(server, 8 * THREADS, said):
            serves(server, workers)
            assert server.stop(8, below=30) == 0


@pytest.mark.parametrize("said", [b"G", GET], ids=["half a head", "kept"])
@INTERFACES
def test_more_clients_than_a_worker_accepts(tmp_path: Path, interface: str, said: bytes) -> None:
    """1,100 connections on which nothing happens, of which gunicorn accepts 1,000, keep nobody out."""
    with many_descriptors(), web(tmp_path, WEB_INTERFACE=interface) as server:
        workers = server.workers
        with clients(server, 1100, said):
            serves(server, workers)


def test_request_on_a_connection_that_makes_room(tmp_path: Path) -> None:
    """A kept connection is closed for a new one in the round in which its next request arrives. It ends nothing else."""
    with many_descriptors(), web(tmp_path, WEB_CONCURRENCY="1") as server:
        [worker] = workers = server.workers
        with clients(server, 999, GET) as kept:
            os.kill(worker, signal.SIGSTOP)
            with connect(server) as new:  # the last one that gunicorn accepts
                for sock in kept[:8]:  # the oldest ones, of which it closes one
                    sock.sendall(GET)
                new.sendall(GET)
                os.kill(worker, signal.SIGCONT)
                assert response(new).startswith(b"HTTP/1.1 200")
            serves(server, workers)


def test_no_descriptor_left(tmp_path: Path) -> None:
    """A process without free file descriptors closes idle connections instead of ending."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with web(tmp_path) as server:
        workers = server.workers
        resource.prlimit(workers[0], resource.RLIMIT_NOFILE, (64, hard))
        with clients(server, 100, b"G"):
            serves(server, workers)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)


def test_without_the_guard(tmp_path: Path) -> None:
    """With WEB_GUARD off, every connection gets a thread, as in gunicorn itself."""
    with web(tmp_path, WEB_GUARD="false") as server:
        assert server.get("/where").status == 200
        with clients(server, THREADS, b"G"):
            wait_until(lambda: busy(server) == THREADS, 10, "a full pool")
        assert server.get("/where").status == 200


def test_head_in_pieces(tmp_path: Path) -> None:
    """A head that arrives byte by byte, with a body behind it, is served; so are two heads at once."""
    with web(tmp_path) as server, connect(server) as sock:
        for byte in GET:
            sock.sendall(bytes([byte]))
            time.sleep(0.001)
        assert response(sock).startswith(b"HTTP/1.1 200")
        sock.sendall(b"\r\n" + GET + GET[:20])
        assert response(sock).startswith(b"HTTP/1.1 200")
        sock.sendall(GET[20:] + b"HEAD /where HTTP/1.0\r\n\r\n")
        assert told(sock).count(b" 200 OK\r\n") == 2


@pytest.mark.parametrize(
    ("said", "status"),
    [
        pytest.param(GET[:-2] + b"X: " + b"x" * 8000 + b"\r\n\r\n", 200, id="large field"),
        pytest.param(
            GET[:-2] + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 7800) for n in range(8)) + b"\r\n",
            200,
            id="62 kB",
        ),
        pytest.param(
            GET[:-2] + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 7800) for n in range(9)), 431, id="70 kB"
        ),
        pytest.param(GET[:-2] + b"X: " + b"x" * 9000 + b"\r\n\r\n", 431, id="too large field"),
        pytest.param(b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", 414, id="long line"),
        pytest.param(b"GET / HTTP/1.1\nHost: example.com\n\n", 400, id="bare LF"),
        pytest.param(b"\r\n\r\n", 400, id="empty lines"),
    ],
)
def test_heads(tmp_path: Path, said: bytes, status: int) -> None:
    """What a whole head is, and what never becomes one, is known without waiting."""
    with web(tmp_path, WEB_HEAD_SECONDS="600") as server, connect(server) as sock:
        sock.sendall(said)
        assert sock.recv(65536).startswith(b"HTTP/1.1 %d " % status)


def test_half_closed_connection(tmp_path: Path) -> None:
    """A client may close its side once it has asked. Half a head and the end is given up at once."""
    with web(tmp_path, WEB_HEAD_SECONDS="600") as server:
        with connect(server) as sock:
            sock.sendall(GET)
            sock.shutdown(socket.SHUT_WR)
            assert told(sock).startswith(b"HTTP/1.1 200")
        with connect(server) as sock:
            sock.sendall(GET[:20])
            sock.shutdown(socket.SHUT_WR)
            assert told(sock) == b""


@pytest.mark.parametrize("moving", [False, True], ids=["silent", "moving"])
def test_late_head(tmp_path: Path, moving: bool) -> None:
    """The time for a head runs from its first byte, also while more bytes come."""
    with web(tmp_path, WEB_HEAD_SECONDS="2") as server, connect(server) as sock:
        time.sleep(3)  # a silent connection has the time of a kept one
        began = time.monotonic()
        sock.sendall(b"GET /where HTTP/1.1\r\nX: ")
        sock.settimeout(0.2)
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while time.monotonic() < began + patience(10, below=60):
                if moving:
                    sock.sendall(b"x")
                with contextlib.suppress(TimeoutError):
                    assert sock.recv(1) == b""
                    break
        assert 1.9 < time.monotonic() - began < patience(5, below=60)


@INTERFACES
def test_silent_connection_is_closed(tmp_path: Path, interface: str) -> None:
    """A connection without a request is closed after the same time as a kept one."""
    options = {"WEB_KEEPALIVE_SECONDS": "2", "WEB_INTERFACE": interface}
    with web(tmp_path, **options) as server, connect(server) as sock:
        began = time.monotonic()
        assert told(sock) == b""
        assert 1.5 < time.monotonic() - began < patience(6, below=30)


def test_stalled_bodies(tmp_path: Path) -> None:
    """Clients that stop sending a body are answered with 408, and each thread is free after the limit."""
    with web(tmp_path, WEB_CLIENT_SECONDS="3") as server:
        workers = server.workers
        with clients(server, THREADS, UPLOAD + b"abc") as socks:
            began = time.monotonic()
            wait_until(lambda: busy(server) == THREADS, 3, "a full pool")
            assert server.get("/where", timeout=10).status == 200
            assert time.monotonic() - began < patience(3 + 2)
            for sock in socks:
                answer = told(sock)
                assert answer.startswith(b"HTTP/1.1 408 ")
                assert b"connection: close" in answer.lower()
            serves(server, workers)
        assert "Traceback" not in server.gunicorn.output
        assert server.gunicorn.output.count("Request Timeout: /upload") == THREADS


def test_clients_that_do_not_read(tmp_path: Path) -> None:
    """Clients that do not read the response are disconnected, and each thread is free after the limit."""
    with web(tmp_path, WEB_CLIENT_SECONDS="3") as server, contextlib.ExitStack() as stack:
        workers = server.workers
        for _ in range(THREADS):
            sock = stack.enter_context(socket.socket())
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            sock.connect(("127.0.0.1", server.port))
            sock.sendall(b"GET /stream?pieces=100000000&pause=0 HTTP/1.1\r\n" + HEAD + b"\r\n")
        wait_until(lambda: busy(server) == THREADS, 10, "a full pool")
        # The buffers have to be full first.
        wait_until(lambda: busy(server) == 0, 3 + 2 + 5, "free threads", below=60)
        serves(server, workers)
        assert "Traceback" not in server.gunicorn.output


def upload(server: Web, size: int, rate: int) -> None:
    body, piece = b"0123456789abcdef" * (size // 16), rate // 2
    with connect(server) as sock:
        sock.sendall(
            b"POST /upload HTTP/1.1\r\n"
            + HEAD
            + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        for start in range(0, len(body), piece):
            sock.sendall(body[start : start + piece])
            time.sleep(0.5)
        answer = told(sock)
    assert answer.startswith(b"HTTP/1.1 200"), answer
    assert b'"length": %d' % len(body) in answer


def download(server: Web, size: int, rate: int) -> None:
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        sock.connect(("127.0.0.1", server.port))
        sock.settimeout(patience(30))
        path = b"/large?size=%d" % size
        sock.sendall(b"GET " + path + b" HTTP/1.1\r\n" + HEAD + b"Connection: close\r\n\r\n")
        received, began = 0, time.monotonic()
        while piece := sock.recv(16384):
            received += len(piece)
            time.sleep(max(0, began + received / rate - time.monotonic()))
    assert received > size


def slow(server: Web, size: int, rate: int) -> None:
    """An upload and a download side by side, at ``rate`` bytes a second."""
    failed: list[BaseException] = []

    def run(transfer: object) -> None:
        try:
            transfer(server, size, rate)  # type: ignore[operator]
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=run, args=(transfer,)) for transfer in (upload, download)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


@INTERFACES
def test_slow_clients_that_move(tmp_path: Path, interface: str) -> None:
    """A transfer that takes many times the limit completes as long as it makes progress."""
    with web(tmp_path, WEB_CLIENT_SECONDS="2", WEB_INTERFACE=interface) as server:
        slow(server, 10_000_000, 1_000_000)


@pytest.mark.soak
@INTERFACES
def test_slow_clients_that_move_for_minutes(tmp_path: Path, interface: str) -> None:
    """100 MB at 200 kB/s."""
    with web(tmp_path, WEB_INTERFACE=interface) as server:
        slow(server, 100_000_000, 200_000)


def test_waiting_for_clients_is_no_stall(tmp_path: Path) -> None:
    """A pool that waits for its clients for longer than the stall time is alive."""
    with (
        web(tmp_path, STALL_SECONDS="2", WEB_CLIENT_SECONDS="60") as server,
        clients(server, THREADS, UPLOAD + b"abc"),
    ):
        wait_until(lambda: busy(server) == THREADS, 10, "a full pool")
        stays(lambda: server.probe("/livez").status == 200, 5, "200")


@INTERFACES
def test_too_large_body(tmp_path: Path, interface: str) -> None:
    """It is refused by its length before it is sent, and the client is not asked to send it."""
    with web(tmp_path, WEB_MAX_BODY_MB="1", WEB_INTERFACE=interface) as server:
        for size, status in ((1 << 20, b"100"), ((1 << 20) + 1, b"413")):
            with connect(server) as sock:
                sock.sendall(
                    b"POST /upload HTTP/1.1\r\n"
                    + HEAD
                    + b"Content-Length: %d\r\nExpect: 100-continue\r\n\r\n" % size
                )
                assert sock.recv(65536).startswith(b"HTTP/1.1 %s " % status)
        assert "WEB_MAX_BODY_MB" in server.gunicorn.output


@pytest.mark.parametrize(("pieces", "status"), [(16, 200), (17, 413)])
@INTERFACES
def test_too_large_body_of_unknown_length(tmp_path: Path, interface: str, pieces: int, status: int) -> None:
    """A chunked body is refused as soon as it is too large, whoever reads it."""
    options = {"WEB_MAX_BODY_MB": "1", "WEB_INTERFACE": interface}
    with web(tmp_path, **options) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=patience(20))
        with contextlib.closing(connection):
            connection.request("POST", "/raw", iter([b"x" * 65536] * pieces), encode_chunked=True)
            assert connection.getresponse().status == status
        assert "Traceback" not in server.gunicorn.output


@INTERFACES
def test_no_limit_of_bodies(tmp_path: Path, interface: str) -> None:
    """0 means no limit."""
    with web(tmp_path, WEB_MAX_BODY_MB="0", WEB_INTERFACE=interface) as server, connect(server) as sock:
        sock.sendall(UPLOAD.replace(b"100000", b"9" * 15) + b"abc")
        sock.settimeout(2)
        with pytest.raises(TimeoutError):
            sock.recv(1)


def test_longest_request(tmp_path: Path) -> None:
    """A thread that is busy for too long is logged once, with what it does."""
    with web(tmp_path, WEB_LONGEST_REQUEST_SECONDS="1") as server:
        assert server.get("/slow?seconds=4", timeout=20).status == 200
        output = server.gunicorn.output
        assert output.count("A request has taken") == 1
        assert "GET /slow" in output
        assert "time.sleep(" in output
