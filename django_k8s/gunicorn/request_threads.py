"""The threads in which sync code of requests runs under ASGI: they are kept for the next request.

asgiref creates a thread for each request that needs one, and waits in the event loop for its end. Creating the thread
and its connections of Django takes about as long as a short view. A kept thread keeps the same things between
requests as a thread under WSGI.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, Future
from typing import Any

from asgiref.sync import SyncToAsync, ThreadSensitiveContext

# As many as a process of web has under WSGI. Further requests at the same time get threads that are not kept.
KEPT = 8

Asgi = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

_idle: deque[Executor] = deque()
_lock = threading.Lock()  # threads return by themselves


class RequestThread(ThreadSensitiveContext):
    """asgiref's context of one request, with one of the idle threads. Django's own context inside has no effect."""

    async def __aenter__(self) -> RequestThread:
        await super().__aenter__()  # type: ignore[no-untyped-call]
        if _idle:
            SyncToAsync.context_to_thread_executor[self] = _idle.pop()
        return self

    async def __aexit__(self, *error: object) -> None:
        executor = SyncToAsync.context_to_thread_executor.pop(self, None)
        await super().__aexit__(*error)  # type: ignore[no-untyped-call]
        if executor:
            # A view continues after its client has disconnected. The thread is idle only after the view has finished.
            executor.submit(_nothing).add_done_callback(_keeper(executor))


def kept_threads(application: Asgi) -> Asgi:
    """Return an ASGI application whose HTTP requests use threads that are kept."""

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
