"""Readiness while every packet to a dependency is dropped: answers in time, leaks nothing, and comes back."""

from __future__ import annotations

import contextlib
import http.client
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.drop import dropped
from support.patience import patience
from support.process import answers, get, wait_until
from support.servers import postgres, redis
from support.web import Web, migrate, web

pytestmark = pytest.mark.net

TIMEOUT = KEPT = 2.0  # READINESS_TIMEOUT_SECONDS, READINESS_CACHE_SECONDS
CONNECT = 5.0  # DATABASE_CONNECT_TIMEOUT_SECONDS, and Redis's
IDLE_SECONDS = 7.0  # a first result that is still kept, and two whole runs of the checks
CALLS = 100
CALLERS = CLIENTS = 6  # of eight threads
CHECKS = 2  # at most: database and migrations; each may hold a thread and a connection while it hangs
TOKEN = "a-token-for-tests"


@dataclass(frozen=True)
class Call:
    """One request, from the moment it began; status 0 is no answer."""

    began: float
    status: int
    seconds: float


@dataclass
class Traffic:
    """Clients that ask for one path again and again, and what became of every call."""

    calls: list[Call] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, port: int, path: str, timeout: float) -> None:
        while not self.over.is_set():
            began, status = time.monotonic(), 0
            with contextlib.suppress(OSError, http.client.HTTPException):
                status = get(port, path, timeout=timeout).status
            self.calls.append(Call(began, status, time.monotonic() - began))
            self.over.wait(0.05)  # a caller among others, not a load test

    def good(self) -> int:
        return sum(call.status in (200, 202) for call in self.calls)


@contextlib.contextmanager
def traffic(port: int, path: str, clients: int = 1, timeout: float = 30) -> Iterator[Traffic]:
    """``clients`` that ask for ``path`` until the end of the block; each has its last answer then."""
    asking = Traffic()
    with ThreadPoolExecutor(clients) as pool:
        futures = [pool.submit(asking.ask, port, path, timeout) for _ in range(clients)]
        try:
            yield asking
        finally:
            asking.over.set()
    for future in futures:
        future.result()


def open_things(server: Web, port: int) -> tuple[int, int]:
    """Threads of the only worker process, and its connections to a port."""
    (pid,) = server.workers
    sockets = set()
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            sockets.add(str(path.readlink()))
    rows = [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    connections = [row for row in rows if row[2].endswith(f":{port:04X}") and f"socket:[{row[9]}]" in sockets]
    return len(list(Path(f"/proc/{pid}/task").iterdir())), len(connections)


def most_things(server: Web, port: int, page: str) -> tuple[int, int]:
    """Threads and connections that traffic in good times takes, once every pool has grown."""
    with ThreadPoolExecutor(32) as pool:
        for path in ("/slow?seconds=0.2&query=1", "/fail", page, page, page):
            list(pool.map(lambda _, path=path: get(server.port, path), range(32)))  # type: ignore[misc]
    with traffic(server.port, "/readyz", CALLERS) as ready:
        wait_until(lambda: ready.good() >= CALLS, 20, "calls in good times")
    # Under ASGI each request has a cache of its own, whose connections Django leaves to the collector.
    # The pool of its event loop has as many threads as ever waited for something at a time.
    assert {get(server.port, path).status for path in ("/fill", "/sweep")} == {204}
    return open_things(server, port)


def held(server: Web, port: int, most: tuple[int, int]) -> None:
    """No more threads and connections than these, once what has ended has gone."""
    wait_until(
        lambda: all(now <= then for now, then in zip(open_things(server, port), most, strict=True)),
        15,
        f"no more threads and connections than {most}",
    )


def report(server: Web) -> str:
    """The status that holders of the token see."""
    answer = get(server.port, "/healthz", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    return str(answer.json()["status"])


def while_dropped(server: Web, port: int, status: int, page: str, has: Callable[[], int]) -> None:
    """Every call from the moment of the drop: in time and with the right status; nothing is left of them.

    ``page`` needs the dependency; ``has`` is how many connections the dependency sees (its keepalive
    tells it of those whose end was dropped).
    """
    workers = server.workers
    assert answers(server.port, "/readyz")
    threads, connections = most_things(server, port, page)
    seen = has()
    with contextlib.ExitStack() as living:
        web_lives = living.enter_context(traffic(server.port, "/livez", timeout=5))
        pod_lives = living.enter_context(traffic(server.probe_port, "/livez", timeout=5))
        with dropped(port):
            at = time.monotonic()
            with traffic(server.port, "/readyz", CALLERS) as ready:  # an otherwise idle pool
                wait_until(
                    lambda: time.monotonic() > at + IDLE_SECONDS and len(ready.calls) >= CALLS, 30, "calls"
                )
            hanging = threads + CHECKS, connections + CHECKS
            held(server, port, hanging)
            late = [call for call in ready.calls if call.began > at + KEPT]
            # What was found in good times is told for as long as it is kept, and no longer.
            assert {call.status for call in ready.calls if call not in late} <= {200, status}
            assert {call.status for call in late} == {status}
            slowest = max(call.seconds for call in ready.calls)
            assert slowest < patience(TIMEOUT + 0.5, below=CONNECT)
            assert report(server) == ("failed" if status == 503 else "degraded")
            with traffic(server.port, page, CLIENTS, timeout=6) as pages:
                began = time.monotonic()
                wait_until(lambda: time.monotonic() > began + TIMEOUT + KEPT, 10, "traffic that hangs")
                assert not pages.good(), "the page needs the dependency"
                pages.over.set()
        back = time.monotonic()
        wait_until(lambda: answers(server.port, "/readyz"), 10, "ready again")
        again = time.monotonic() - back
    lived = [call for lives in (web_lives, pod_lives) for call in lives.calls]
    assert {call.status for call in lived} == {200}
    assert server.workers == workers, "no worker process was replaced"
    wait_until(lambda: get(server.port, page).status in (200, 202), 30, "the page again")
    most_things(server, port, page)
    held(server, port, (threads, connections))
    wait_until(lambda: has() <= seen, 60, f"no more connections in the server's own eyes than {seen}")
    print(
        f"{len(ready.calls)} calls of /readyz, {len(late)} of them {status} for sure, the slowest {slowest:.2f} s; "
        f"{len(lived)} of /livez, the slowest {max(call.seconds for call in lived):.2f} s; "
        f"ready again after {again:.2f} s; {threads} threads, {connections} connections, {seen} seen by the server"
    )


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize(("mode", "status"), [("strict", 503), ("latched", 200)])
def test_postgresql(tmp_path: Path, interface: str, mode: str, status: int) -> None:
    """Without PostgreSQL, strict readiness is 503 and latched readiness stays 200."""
    with postgres(*(f"-ctcp_keepalives_{name}=2" for name in ("idle", "interval", "count"))) as server:
        url = migrate(server.create("shop"))
        # A pool that good times fill: how far the larger one of ASGI grows depends on how busy the machine is.
        pool = {"DATABASE_POOL_SIZE": "8"} if interface == "asgi" else {}
        with web(
            tmp_path,
            DATABASE_URL=url,
            READINESS_DATABASE=mode,
            WEB_INTERFACE=interface,
            HEALTH_TOKEN=TOKEN,
            **pool,
        ) as site:

            def has() -> int:
                (row,) = server.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = 'shop'")
                return int(str(row[0]))

            while_dropped(site, server.port, status, "/", has)


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize(("check", "page"), [("cache", "/remember"), ("broker", "/send/1")])
def test_redis(tmp_path: Path, interface: str, check: str, page: str) -> None:
    """A required cache or broker that is down gives 503."""
    import redis as client

    with redis("--tcp-keepalive", "2") as server, client.Redis(port=server.port) as own:
        options = {
            "REDIS_URL": server.url(),
            "CELERY_BROKER_URL": server.url(),
            "READINESS_CHECKS": check,
            "WEB_INTERFACE": interface,
            "HEALTH_TOKEN": TOKEN,
        }
        with web(tmp_path, **options) as site:
            while_dropped(site, server.port, 503, page, lambda: len(own.client_list()))
