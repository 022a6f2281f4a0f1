"""Readiness while every packet to a dependency is dropped: answers in time, leaks nothing, and comes back."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.drop import dropped
from support.process import answers, get, wait_until
from support.servers import postgres, redis
from support.web import Web, migrate, web

pytestmark = pytest.mark.net

TIMEOUT = 2.0  # READINESS_TIMEOUT_SECONDS
CALLS = 100
TOKEN = "a-token-for-tests"


def open_things(server: Web) -> tuple[int, int]:
    """Threads and file descriptors of the only worker process."""
    (pid,) = server.workers
    return len(list(Path(f"/proc/{pid}/task").iterdir())), len(list(Path(f"/proc/{pid}/fd").iterdir()))


def report(server: Web) -> str:
    """The status that holders of the token see."""
    answer = get(server.port, "/healthz", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
    return str(answer.json()["status"])


def while_dropped(server: Web, port: int, status: int) -> None:
    """A hundred calls, ten at once: each in time, and nothing is left of them."""

    def call(number: int) -> tuple[int, float]:
        began = time.monotonic()
        return get(server.port, "/readyz", timeout=30).status, time.monotonic() - began

    assert answers(server.port, "/readyz")
    with dropped(port):
        wait_until(lambda: report(server) == ("failed" if status == 503 else "degraded"), 15, "the report")
        with ThreadPoolExecutor(10) as pool:
            list(pool.map(call, range(CALLS)))  # what serves ten calls at once is there from here on
            before = open_things(server)
            results = list(pool.map(call, range(CALLS)))
        assert {found for found, _ in results} == {status}
        assert max(seconds for _, seconds in results) < TIMEOUT + 1
        # A check that hangs holds one thread and one connection for a while; a hundred calls hold no more.
        limit = [number + 8 for number in before]
        wait_until(
            lambda: all(now <= most for now, most in zip(open_things(server), limit, strict=True)),
            10,
            f"no more threads and files than {limit}",
        )
        assert answers(server.port, "/livez")
        assert server.probe("/livez").status == 200
    wait_until(lambda: answers(server.port, "/readyz"), 10, "ready again")


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize(("mode", "status"), [("strict", 503), ("latched", 200)])
def test_postgresql(tmp_path: Path, interface: str, mode: str, status: int) -> None:
    """Strict answers 503, latched stays ready."""
    with postgres() as server:
        url = migrate(server.create("shop"))
        with web(
            tmp_path, DATABASE_URL=url, READINESS_DATABASE=mode, WEB_INTERFACE=interface, HEALTH_TOKEN=TOKEN
        ) as site:
            while_dropped(site, server.port, status)


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize("check", ["cache", "broker"])
def test_redis(tmp_path: Path, interface: str, check: str) -> None:
    """A required cache or broker that is away is 503."""
    with redis() as server:
        options = {
            "REDIS_URL": server.url(),
            "READINESS_CHECKS": check,
            "WEB_INTERFACE": interface,
            "HEALTH_TOKEN": TOKEN,
        }
        with web(tmp_path, **options) as site:
            while_dropped(site, server.port, 503)
