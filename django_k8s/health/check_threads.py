"""Checks at work: one thread in its thread, and the run that callers of one moment share."""

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

# Called in the thread of a check when it has ended.
Ended = Callable[[Result], None]


class CheckThread:
    """One thread of a check, in a daemon thread of its own."""

    def __init__(self, name: str, check: Check, timeout: float, ended: Ended) -> None:
        self.future: Future[Result] = Future()
        # Running, so that a caller who goes away in an event loop cannot cancel it for the others.
        self.future.set_running_or_notify_cancel()
        self.ended_at: float | None = None
        self._in_loops: dict[asyncio.AbstractEventLoop, asyncio.Future[Result]] = {}
        self._began_at = time.monotonic()
        self._name, self._check, self._timeout, self._ended = name, check, timeout, ended
        try:
            threading.Thread(target=self._work, name=f"health-{name}", daemon=True).start()
        except RuntimeError as error:  # the container's limit of processes is reached
            self._end(error)

    @property
    def seconds(self) -> float:
        """How long it took, or has taken so far."""
        return (self.ended_at or time.monotonic()) - self._began_at

    def in_loop(self) -> asyncio.Future[Result]:
        """Its future in the running event loop; one for all who ask while it hangs."""
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
            # What a check opened by alias belongs to this thread, which ends here.
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
    """The threads that callers of one moment share; some may be left over from an earlier run."""

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
        """What a caller who needs these checks has to wait for."""
        return [self.threads[name].future for name in names if name in self.threads]

    async def settle(self, names: Iterable[str], seconds: float) -> None:
        """Wait in an event loop until these checks have ended, for ``seconds`` at most."""
        threads = [self.threads[name] for name in names if name in self.threads]
        pending = [thread.in_loop() for thread in threads if not thread.future.done()]
        if pending:
            await asyncio.wait(pending, timeout=seconds)

    def expired(self, keep: float) -> bool:
        """Whether it ended, by its last check or by its deadline, more than ``keep`` seconds ago."""
        ends = [thread.ended_at or self._deadline for thread in self.threads.values()]
        return time.monotonic() > min(max(ends, default=self._deadline), self._deadline) + keep


class SharedFlags:
    """Flags that are set once, seen by all processes that are forked from this one, early and late.

    They live in memory that a fork shares: a worker process that takes another's place finds what
    its siblings know. Without it, one that is recycled while the database is away would not be ready,
    although its siblings are.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._places = {name: place for place, name in enumerate(names)}
        self._memory = mmap.mmap(-1, max(len(self._places), 1))

    def __contains__(self, name: str) -> bool:
        return self._memory[self._places[name]] == 1

    def add(self, name: str) -> None:
        """Set the flag of ``name``."""
        self._memory[self._places[name]] = 1
