"""The lock that lets one beat publish while others stand by, for any scheduler class."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from typing import Any

from celery.beat import Scheduler as BaseScheduler
from celery.utils.imports import symbol_by_name
from celery.utils.log import get_logger
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError

from django_k8s.celery.queues import Sampler
from django_k8s.database import direct_connection
from django_k8s.locks import Lock, session_lock
from django_k8s.probe.heartbeat import Heartbeat

logger = get_logger("django_k8s.beat")

NAME = "beat"
STANDBY_SECONDS = 0.25  # between two attempts to take the lock
TICK_SECONDS = 1.0  # the longest sleep of a beat: it has to notice the loss of its lock


class BeatLock:
    """A session lock of the default database; it ends with its holder, so nothing has to expire."""

    def __init__(self) -> None:
        self._lock: Lock = session_lock(direct_connection(), NAME)
        self._holding = False
        self._complained = False

    def held(self) -> bool:
        """Whether this process holds it now; tries to take it when not. Never raises."""
        if not self.still_held():
            self._holding = self._acquire()
        return self._holding

    def still_held(self) -> bool:
        """Whether this process holds it, without trying to take it."""
        if self._holding and not self._lock.held():
            self._holding = False
            logger.warning("beat: the lock is lost; nothing is published until it is back")
        return self._holding

    def release(self) -> None:
        """Give it back, so that a standby takes over at once."""
        self._holding = False
        self._lock.release()

    def _acquire(self) -> bool:
        try:
            acquired = self._lock.acquire()
        except (DatabaseError, InterfaceError, OSError) as error:
            if not self._complained:
                logger.warning("beat: the lock cannot be taken (%s); trying again", type(error).__name__)
            self._complained = True
            self._lock.release()
            return False
        self._complained = False
        if acquired:
            logger.info("beat: this process holds the lock and publishes")
        return acquired


@contextlib.contextmanager
def unbroken() -> Iterator[None]:
    """Hold SIGTERM and SIGINT back, so that a stop never comes in the middle of a publish.

    By their handlers and not by a mask: the kernel gives a signal that this thread blocks to another
    one, such as the sampler's, and Python then calls the handler in this one all the same.
    """
    held: list[int] = []
    former = {}
    if threading.current_thread() is threading.main_thread():  # no handler interrupts another
        for number in (signal.SIGTERM, signal.SIGINT):
            former[number] = signal.signal(number, lambda got, _: held.append(got))
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler or signal.SIG_DFL)
        for got in held:
            signal.raise_signal(got)


class Locked(BaseScheduler):  # type: ignore[misc]
    """Mixed in before a scheduler class: it ticks only while this process holds the lock.

    The heartbeat goes on in every wait. A lost lock pauses, and never ends the process.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._heartbeat = Heartbeat("beat", "beat")
        self._lock: BeatLock | None = None
        self._published = False
        self._sampler: Sampler | None = None
        self._stopping = False
        super().__init__(*args, **kwargs)

    @property
    def lock(self) -> BeatLock:
        """Made at its first use: Celery makes a scheduler for its banner too."""
        if self._lock is None:
            self._lock = BeatLock()
        return self._lock

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Tick, or stand by; returns the seconds until the next tick."""
        if self._sampler is None:  # at the first tick: Celery makes a scheduler for its banner too
            self._sampler = Sampler(self.app)
            self._sampler.start()
            self._end_at_signals()
        if self._stopping:  # raised where Python ignores exceptions, such as in a finalizer
            raise SystemExit
        self._heartbeat.write(**self.pulse())
        if not self.lock.held():
            self._published = False
            return STANDBY_SECONDS
        if not self._published:
            self._published = True
            self.taken_over()
        return min(self.work(), TICK_SECONDS)

    def _end_at_signals(self) -> None:
        """Only end the loop at SIGTERM and SIGINT: Celery's service closes the scheduler on its way out.

        Celery's handler closes it where the signal meets it, which may be inside a query, and waits for
        ever for the connection that the query has in its hands.
        """

        def end(number: int, frame: object) -> None:
            self._stopping = True
            raise SystemExit

        if threading.current_thread() is threading.main_thread():  # not where a worker embeds beat
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, end)

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Publish one task, whole: Celery takes a stop that came in between for a failure of the broker."""
        with unbroken():
            return super().apply_async(*args, **kwargs)

    def pulse(self) -> dict[str, object]:
        """What the heartbeat tells beside its time."""
        return {}

    def work(self) -> float:
        """What a beat that holds the lock does in one tick: by default, what its class does."""
        return float(super().tick())

    def taken_over(self) -> None:
        """Called when this process has just become the one that publishes."""
        self._heap = None  # what was planned before may have been published by another since

    def should_sync(self) -> bool:
        """A standby has nothing to store, and must not overwrite what the holder stored."""
        return self._published and bool(super().should_sync())

    def close(self) -> None:
        """Store the schedule, end the connections, give the lock back."""
        try:
            super().close()
        finally:
            if self._sampler is not None:
                self._sampler.stop()
            if self._lock is not None:
                self._lock.release()

    def _ensure_connected(self) -> Any:
        # As the base class does, but alive: the default waits for the broker without a sign of life.
        def complain(error: Exception, interval: float) -> None:
            logger.error("beat: the broker cannot be reached (%s); trying again", type(error).__name__)

        def wait() -> None:
            self._heartbeat.write(**self.pulse())
            self.lock.held()

        return self.connection.ensure_connection(
            complain, self.broker_attempts, interval_max=5, callback=wait
        )

    broker_attempts: int | None = None  # for ever


def locked(name: str) -> type[BaseScheduler]:
    """The scheduler class ``name`` (MODULE:CLASS) under the lock."""
    found = symbol_by_name(name)
    if isinstance(found, type) and issubclass(found, Locked):
        return found
    if not (isinstance(found, type) and issubclass(found, BaseScheduler)):
        raise ImproperlyConfigured(f"BEAT_SCHEDULER: {name} is not a scheduler class of Celery.")
    return type(f"Locked{found.__name__}", (Locked, found), {})


def scheduler(app: Any, **options: Any) -> BaseScheduler:
    """What CELERY_BEAT_SCHEDULER names when BEAT_SCHEDULER asks for another class than ours."""
    from django_k8s import startup

    return locked(startup.env().str("BEAT_SCHEDULER"))(app=app, **options)
