"""The probe of a web role: busy is alive, frozen and deadlocked are not, and nobody else is asked."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from support.patience import patience
from support.process import answers, stays, wait_until
from support.servers import Postgres
from support.web import Web, children, web

from django_k8s.probe import heartbeat

GRACEFUL = 30  # the graceful timeout
STALENESS = 60  # HEARTBEAT_STALENESS_SECONDS where a test does not set it

INTERFACES = pytest.mark.parametrize("interface", ["wsgi", "asgi"])


def beats(server: Web) -> list[heartbeat.Beat]:
    return list(heartbeat.read(server.state / "web"))


@contextlib.contextmanager
def asking(server: Web, path: str, clients: int) -> Iterator[list[socket.socket]]:
    """``clients`` clients that have asked for ``path`` and wait for the answer; they leave at the end."""
    with contextlib.ExitStack() as stack:
        socks = []
        for _ in range(clients):
            address = ("127.0.0.1", server.port)
            socks.append(stack.enter_context(socket.create_connection(address, timeout=patience(10))))
            socks[-1].sendall(f"GET {path} HTTP/1.1\r\nHost: example.com\r\n\r\n".encode())
        yield socks


def full(server: Web) -> bool:
    """Whether every thread of every process is taken."""
    return all(beat["busy"] == beat["threads"] for beat in beats(server))


def busy(folder: Path, seconds: float) -> None:
    with web(folder) as server, asking(server, f"/slow?seconds={seconds + 10}", 12):
        wait_until(lambda: full(server), 10, "a full pool")
        slowest, end = 0.0, time.monotonic() + seconds
        while time.monotonic() < end:
            began = time.monotonic()
            assert server.probe("/livez").status == 200
            slowest = max(slowest, time.monotonic() - began)
            assert full(server)
            time.sleep(0.1)
        print(f"slowest /livez of a full pool: {slowest * 1000:.1f} ms")
        assert slowest < patience(1)


def deadlocked(folder: Path, stall: int) -> None:
    with web(folder, STALL_SECONDS=str(stall)) as server, asking(server, "/hold", 8):
        wait_until(lambda: full(server), 10, "a full pool")
        (since,) = [beat["since"] for beat in beats(server)]
        while True:
            status = server.probe("/livez").status
            if time.monotonic() > since + stall:
                break
            assert status == 200
            time.sleep(0.1)
        wait_until(lambda: server.probe("/livez").status == 503, 6, "503")
        assert server.probe("/livez").text == "stalled\n"


def test_every_thread_busy(tmp_path: Path) -> None:
    """With all threads taken by slow requests the probe is answered within a second, with 200."""
    busy(tmp_path, 18)


@pytest.mark.soak
def test_every_thread_busy_for_minutes(tmp_path: Path) -> None:
    """The probe answers 200 while all threads are busy for three minutes."""
    busy(tmp_path, 180)


def test_every_thread_deadlocked(tmp_path: Path) -> None:
    """With all threads stuck the probe answers 503 after the stall time, and not before."""
    deadlocked(tmp_path, 5)


@pytest.mark.soak
def test_every_thread_deadlocked_for_minutes(tmp_path: Path) -> None:
    """With a stall time of two minutes, stuck threads give 503 after that time."""
    deadlocked(tmp_path, 120)


def test_long_requests_that_finish_are_no_stall(tmp_path: Path) -> None:
    """A pool that is full for longer than the stall time lives as long as some request finishes."""
    options = {"STALL_SECONDS": "4", "WEB_THREADS": "2"}
    with web(tmp_path, **options) as server, asking(server, "/slow?seconds=1", 24):
        wait_until(lambda: full(server), 10, "a full pool")
        stays(lambda: server.probe("/livez").status == 200, 8, "200")


@INTERFACES
def test_frozen_process(tmp_path: Path, interface: str) -> None:
    """SIGSTOP of a worker is seen after HEARTBEAT_STALENESS_SECONDS, and its return as well."""
    options = {"HEARTBEAT_STALENESS_SECONDS": "5", "WEB_CONCURRENCY": "2", "WEB_INTERFACE": interface}
    with web(tmp_path, **options) as server:
        wait_until(lambda: len(beats(server)) == 2, 10, "two heartbeats")
        assert server.probe("/livez").status == 200
        frozen = server.workers[0]
        os.kill(frozen, signal.SIGSTOP)
        wait_until(lambda: server.probe("/livez").status == 503, 12, "503", below=STALENESS)
        os.kill(frozen, signal.SIGCONT)
        wait_until(lambda: server.probe("/livez").status == 200, 10, "200")


def test_stuck_event_loop(tmp_path: Path) -> None:
    """Under ASGI a view that blocks the event loop is seen by the heartbeat's age."""
    options = {"HEARTBEAT_STALENESS_SECONDS": "5", "WEB_INTERFACE": "asgi"}
    with web(tmp_path, **options) as server, asking(server, "/spin?seconds=9", 1):
        wait_until(lambda: server.probe("/livez").status == 503, 15, "503")
        wait_until(lambda: server.probe("/livez").status == 200, 20, "200")


@INTERFACES
def test_alive_while_it_stops(tmp_path: Path, interface: str) -> None:
    """A process keeps writing heartbeats while it finishes its last requests, even longer than the staleness."""
    options = {"HEARTBEAT_STALENESS_SECONDS": "5", "WEB_INTERFACE": interface}
    with web(tmp_path, **options) as server, asking(server, "/stream?pieces=10&pause=1", 1) as (sock,):
        assert sock.recv(65536)  # it has begun
        server.gunicorn.signal(signal.SIGTERM)
        stays(lambda: server.probe("/livez").status == 200, 7, "200")
        assert server.gunicorn.wait(10, below=GRACEFUL) == 0


@INTERFACES
def test_killed_process(tmp_path: Path, interface: str) -> None:
    """kill -9 of the only worker: another takes over, the probe stays 200, nothing is left behind."""
    with web(tmp_path, WEB_INTERFACE=interface, HEARTBEAT_STALENESS_SECONDS="5") as server:
        wait_until(lambda: beats(server), 10, "a heartbeat")
        for _ in range(3):
            wait_until(lambda: len(server.workers) == 1, 10, "one worker")
            (old,) = server.workers
            os.kill(old, signal.SIGKILL)
            wait_until(lambda old=old: server.workers and server.workers != [old], 10, "another worker")
        wait_until(lambda: [beat["pid"] for beat in beats(server)] == server.workers, 10, "its heartbeat")
        stays(lambda: server.probe("/livez").status == 200, 6, "200")
        assert server.get("/where").status == 200
        assert children(server.gunicorn.pid) == server.workers, "a zombie is left"
        wait_until(
            lambda: (
                [path.name for path in (server.state / "web").iterdir()] == [f"{server.workers[0]}.heartbeat"]
            ),
            10,
            "the folder with one file",
        )


def test_dead_files_do_not_count(tmp_path: Path) -> None:
    """A file that a killed process left does not make the role stale, also when nobody removed it."""
    with web(tmp_path, HEARTBEAT_STALENESS_SECONDS="5") as server:
        wait_until(lambda: beats(server), 10, "a heartbeat")
        left = server.state / "web" / "4194000.heartbeat"
        left.write_text('{"at": 1.0, "pid": 4194000, "state": "ok"}')
        assert server.probe("/livez").status == 200
        assert not left.exists()


def test_no_process_comes_back(tmp_path: Path) -> None:
    """A role none of whose processes is alive is not live: the master is frozen, its worker killed."""
    with web(tmp_path, HEARTBEAT_STALENESS_SECONDS="5") as server:
        wait_until(lambda: beats(server), 10, "a heartbeat")
        (worker,) = server.workers
        server.gunicorn.signal(signal.SIGSTOP)
        os.kill(worker, signal.SIGKILL)
        wait_until(lambda: server.probe("/livez").status == 503, 15, "503", below=STALENESS)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
@INTERFACES
def test_the_end_of_the_master_is_the_end_of_all(
    tmp_path: Path, number: signal.Signals, interface: str
) -> None:
    """Listener and workers end with the master, however it ended; no orphan, no zombie."""
    with web(tmp_path, WEB_CONCURRENCY="2", WEB_INTERFACE=interface) as server:
        # One that has just been forked does not hear the signal yet.
        wait_until(lambda: len(list(server.state.glob("web/*.heartbeat"))) == 2, 10, "two workers at work")
        workers = server.workers
        server.gunicorn.signal(number)
        server.gunicorn.wait(20)
        assert server.listener is not None
        assert server.listener.wait(5) == 0
        wait_until(
            lambda: not any(Path(f"/proc/{pid}").exists() for pid in workers), 10, "the end of the workers"
        )


def test_the_end_of_the_listener_is_its_own(tmp_path: Path) -> None:
    """If the listener ends, the role continues."""
    with web(tmp_path) as server:
        assert server.listener is not None
        server.listener.stop()
        assert server.get("/where").status == 200


@INTERFACES
def test_a_thousand_calls(
    tmp_path: Path, postgres_server: Postgres, postgres_url: str, interface: str
) -> None:
    """1,000 liveness calls on either port: no connection to the database, no line in the access log."""
    options = {"DATABASE_URL": postgres_url, "WEB_ACCESS_LOG": "1", "WEB_INTERFACE": interface}
    with web(tmp_path, **options) as server:
        for port in (server.port, server.probe_port):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=patience(5))
            for number in range(1000):
                connection.request("HEAD" if number % 2 else "GET", "/livez")
                answer = connection.getresponse()
                assert (answer.status, bool(answer.read())) == (200, number % 2 == 0)
            connection.close()
        name = urlsplit(postgres_url).path[1:]
        ((sessions, commits),) = postgres_server.execute(
            f"SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = '{name}'), xact_commit"
            f" FROM pg_stat_database WHERE datname = '{name}'"
        )
        assert (sessions, commits) == (0, 0)
        assert server.get("/where?marker=1").status == 200
        wait_until(lambda: "GET /where 200" in server.gunicorn.output, 5, "an access-log line")
        assert "/livez" not in server.gunicorn.output


def test_probes_are_left_out_of_the_access_log(tmp_path: Path) -> None:
    """No probe path leaves a line in the access log."""
    with web(tmp_path, WEB_ACCESS_LOG="1") as server:
        for path in ("/readyz", "/healthz?verbose"):
            server.get(path)
        assert answers(server.port, "/where?marker=2")
        wait_until(lambda: "GET /where 200" in server.gunicorn.output, 5, "an access-log line")
        assert "/readyz" not in server.gunicorn.output
        assert "/healthz" not in server.gunicorn.output
