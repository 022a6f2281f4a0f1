"""The thread in which a request's sync code runs under ASGI: kept for the next request, instead of one made for each.

asgiref makes a thread for each request that needs one and waits for its end, on the event loop. Making it, and the
thread's own connections of Django, costs about as much as a short view. What a thread keeps between requests is what
it keeps under WSGI, where threads have always been kept.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

# As many as a process of web has under WSGI. More requests at a time get more threads, which are not kept.
KEPT = 8

Asgi = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

_idle: deque[Executor] = deque()
_lock = threading.Lock()  # threads return by themselves


class RequestThread(ThreadSensitiveContext):
    """asgiref's mark of one request, with a thread of those that are idle. Django's own inside of it has no effect."""

    async def __aenter__(self) -> RequestThread:
        await super().__aenter__()  # type: ignore[no-untyped-call]
        if _idle:
            SyncToAsync.context_to_thread_executor[self] = _idle.pop()
        return self

    async def __aexit__(self, *error: object) -> None:
        executor = SyncToAsync.context_to_thread_executor.pop(self, None)
        await super().__aexit__(*error)  # type: ignore[no-untyped-call]
        if executor:
            # A view goes on when its client has gone: the thread is idle after whatever it still has to do.
            executor.submit(_nothing).add_done_callback(_keeper(executor))


def kept_threads(application: Asgi) -> Asgi:
    """Return an ASGI application whose HTTP requests take threads that are kept."""

    async def answering(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return await application(scope, receive, send)
        async with RequestThread():
            return await application(scope, receive, send)

    return answering


def _nothing() -> None:
    pass


def _keeper(executor: Executor) -> Callable[[Future[None]], None]:
    def keep(done: Future[None]) -> None:
        with _lock:
            kept = len(_idle) < KEPT
            if kept:
                _idle.append(executor)
        if not kept:
            executor.shutdown(wait=False)

    return keep
