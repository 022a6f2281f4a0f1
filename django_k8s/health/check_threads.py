"""Run health checks in threads, and share one run between callers at the same time."""

from __future__ import annotations

import asyncio
import contextlib
import mmap
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future

from django.core.cache import caches
from django.db import connections

from django_k8s.health.results import Check, Result, log_text, public_text

# Called in the thread of a check after it has ended.
Ended = Callable[[Result], None]


class CheckThread:
    """One run of a check, in its own daemon thread."""

    def __init__(self, name: str, check: Check, timeout: float, ended: Ended) -> None:
        self.future: Future[Result] = Future()
        # Mark it as running, so that a caller in an event loop that is cancelled does not cancel it for the others.
        self.future.set_running_or_notify_cancel()
        self.ended_at: float | None = None
        self._in_loops: dict[asyncio.AbstractEventLoop, asyncio.Future[Result]] = {}
        self._began_at = time.monotonic()
        self._name, self._check, self._timeout, self._ended = name, check, timeout, ended
        try:
            threading.Thread(target=self._work, name=f"health-{name}", daemon=True).start()
        except RuntimeError as error:  # the container's limit on processes is reached
            self._end(error)

    @property
    def seconds(self) -> float:
        """How many seconds the check took, or has taken so far."""
        return (self.ended_at or time.monotonic()) - self._began_at

    def in_loop(self) -> asyncio.Future[Result]:
        """Return the future of the check in the running event loop. All callers in the loop share it."""
        loop = asyncio.get_running_loop()
        if loop not in self._in_loops:
            for other in [other for other in list(self._in_loops) if other.is_closed()]:
                self._in_loops.pop(other, None)
            self._in_loops[loop] = asyncio.wrap_future(self.future, loop=loop)
        return self._in_loops[loop]

    def _work(self) -> None:
        error: BaseException | None = None
        try:
            self._check(self._timeout)
        except BaseException as problem:
            error = problem
        finally:
            # Connections that the check opened by alias belong to this thread, which ends here.
            with contextlib.suppress(Exception):
                connections.close_all()
                caches.close_all()
            self._end(error)

    def _end(self, error: BaseException | None) -> None:
        self.ended_at = time.monotonic()
        words = (public_text(error), log_text(error)) if error else ("ok", "")
        result = Result(self._name, error is None, *words, self.seconds)
        self._ended(result)
        self.future.set_result(result)


class SharedRun:
    """The threads that callers at the same time share. Some may be left over from an earlier run."""

    def __init__(self, threads: dict[str, CheckThread], timeout: float) -> None:
        self.threads = threads
        self._deadline = time.monotonic() + timeout

    @property
    def remaining(self) -> float:
        """Seconds until the deadline, at least 0."""
        return max(0.0, self._deadline - time.monotonic())

    def within(self, limit: float | None) -> float:
        """Return the seconds until the deadline, but not more than ``limit``."""
        return self.remaining if limit is None else min(self.remaining, max(0.0, limit))

    def futures(self, names: Iterable[str]) -> list[Future[Result]]:
        """Return the futures of these checks, for a caller to wait for."""
        return [self.threads[name].future for name in names if name in self.threads]

    async def settle(self, names: Iterable[str], seconds: float) -> None:
        """Wait in an event loop until these checks have ended, for ``seconds`` at most."""
        threads = [self.threads[name] for name in names if name in self.threads]
        pending = [thread.in_loop() for thread in threads if not thread.future.done()]
        if pending:
            await asyncio.wait(pending, timeout=seconds)

    def expired(self, keep: float) -> bool:
        """Return whether the run ended more than ``keep`` seconds ago, by its last check or its deadline."""
        ends = [thread.ended_at or self._deadline for thread in self.threads.values()]
        return time.monotonic() > min(max(ends, default=self._deadline), self._deadline) + keep


class SharedFlags:
    """Flags that are set once, and that all processes forked from this one share.

    They are in shared memory, so a worker process that replaces another has the flags of its siblings. Otherwise, a
    process that is replaced while the database is down would not be ready, although its siblings are.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._memory = mmap.mmap(-1, max(len(self._places), 1))

    def __contains__(self, name: str) -> bool:
        return self._memory[self._places[name]] == 1

    def add(self, name: str) -> None:
        """Set the flag of ``name``."""
        self._memory[self._places[name]] = 1
