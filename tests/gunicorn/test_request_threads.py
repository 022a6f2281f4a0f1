"""The threads of requests under ASGI: kept, one for each request, and never one that is still at work."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async
from support.patience import patience

from django_k8s.gunicorn import request_threads
from django_k8s.gunicorn.request_threads import KEPT, kept_threads


@pytest.fixture(autouse=True)
def _idle(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    idle = type(request_threads._idle)()
    monkeypatch.setattr(request_threads, "_idle", idle)
    yield
    for executor in idle:
        executor.shutdown()


async def until(condition: Callable[[], bool]) -> None:
    """Wait on the event loop."""
    async with asyncio.timeout(patience(10)):
        while not condition():
            await asyncio.sleep(0.001)


async def request(work: Callable[[], Any], kind: str = "http") -> Any:
    """One request, whose application does what Django's handler does: sync code in a context of its own."""
    found: list[Any] = []

    async def application(*_: Any) -> None:
        async with ThreadSensitiveContext():
            for _ in range(2):
                found.append(await sync_to_async(work, thread_sensitive=True)())  # noqa: PERF401

    await kept_threads(application)({"type": kind}, None, None)
    assert found[0] == found[1]
    return found[0]


def test_a_thread_is_kept() -> None:
    """The next request has the thread of the last one. A connection that is no request has its own."""

    async def run() -> None:
        first = await request(threading.get_ident)
        await until(lambda: len(request_threads._idle) == 1)
        assert await request(threading.get_ident, "websocket") != first
        assert await request(threading.get_ident) == first

    asyncio.run(run())


def test_requests_at_a_time() -> None:
    """Each has a thread to itself, however many there are, and only some of the threads are kept."""
    number = KEPT + 3
    together = threading.Barrier(number, timeout=patience(10))

    def work() -> int:
        together.wait()
        return threading.get_ident()

    async def run() -> None:
        threads = await asyncio.gather(*(request(work) for _ in range(number)))
        assert len(set(threads)) == number
        await until(lambda: len(request_threads._idle) == KEPT)

    asyncio.run(run())


def test_a_client_that_goes() -> None:
    """A view goes on when its client has gone. Its thread is nobody else's until it has ended."""
    begun, end = threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        end.wait(patience(10))

    async def run() -> None:
        await request(threading.get_ident)
        await until(lambda: len(request_threads._idle) == 1)
        left = asyncio.create_task(request(work))
        await until(begun.is_set)
        left.cancel()
        await asyncio.wait([left])
        assert not request_threads._idle
        await request(threading.get_ident)
        end.set()
        await until(lambda: len(request_threads._idle) == 2)

    try:
        asyncio.run(run())
    finally:
        end.set()
