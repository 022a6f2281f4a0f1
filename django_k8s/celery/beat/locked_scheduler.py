"""Any scheduler class of Celery, under the lock and with a heartbeat."""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from importlib.metadata import entry_points
from typing import Any

from celery.beat import Scheduler as BaseScheduler
from celery.beat import Service as BaseService
from celery.utils.imports import symbol_by_name
from celery.utils.log import get_logger
from django.db import DatabaseError, InterfaceError, OperationalError, connections

from django_k8s.celery import logs
from django_k8s.celery.beat.lock import BeatLock, defer_stop_signals
from django_k8s.celery.beat.queue_sampler import Sampler
from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.probe.heartbeat import Heartbeat

logger = get_logger("django_k8s.beat")

STANDBY_SECONDS = 0.25  # between two attempts to take the lock
TICK_SECONDS = 1.0  # the longest sleep of a beat: it has to notice the loss of its lock


class LockedSchedulerMixin(BaseScheduler):  # type: ignore[misc]
    """Mixed in before a scheduler class: it ticks only while this process holds the lock.

    The heartbeat goes on in every wait. A lost lock pauses, and never ends the process.
    """

    # Whether the schedule is read when the lock is taken, and not before: what a standby has read at its
    # start says nothing about what has been published since.
    reads_at_takeover = True
    broker_attempts: int | None = None  # for ever

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._heartbeat = Heartbeat("beat", "beat")
        self._lock: BeatLock | None = None
        self._publishing = False
        self._sampler: Sampler | None = None
        self._stopping = False
        self._outage = ""
        self._arguments = (args, kwargs)
        self._kept = tuple(self.__dict__)
        super().__init__(*args, **(kwargs | ({"lazy": True} if self.reads_at_takeover else {})))

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
        self._heartbeat.write(**self.heartbeat_fields())
        if not self.lock.acquire():
            self._publishing = False
            return STANDBY_SECONDS
        try:
            if not self._publishing:
                self.taken_over()
                self._publishing = True
            wait = self.work()
        except (OperationalError, InterfaceError) as error:
            self._pause(error)
            return TICK_SECONDS
        self._outage = ""
        return min(wait, TICK_SECONDS)

    def _pause(self, error: Exception) -> None:
        """The database is away: read the schedule again when it is back."""
        kind = type(error).__name__
        if self._outage != kind:
            logger.error("beat: the database cannot be used (%s); trying again", kind)
        self._outage = kind
        self._publishing = False
        with contextlib.suppress(DatabaseError, InterfaceError):
            connections.close_all()

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
        with defer_stop_signals():
            return super().apply_async(*args, **kwargs)

    def heartbeat_fields(self) -> dict[str, object]:
        """What the heartbeat tells beside its time."""
        return {}

    def work(self) -> float:
        """What a beat that holds the lock does in one tick: by default, what its class does."""
        return float(super().tick())

    def taken_over(self) -> None:
        """Start anew, as a new process would: another beat may have published since this one began."""
        kept = {name: self.__dict__[name] for name in self._kept}
        self.__dict__.clear()
        self.__dict__.update(kept, _kept=tuple(kept))
        args, kwargs = self._arguments
        super().__init__(*args, **kwargs)

    def should_sync(self) -> bool:
        """A standby has nothing to store, and must not overwrite what the holder stored."""
        return self._publishing and bool(super().should_sync())

    def close(self) -> None:
        """Store the schedule, end the connections, give the lock back."""
        try:
            if self._publishing:
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
            self._heartbeat.write(**self.heartbeat_fields())
            self.lock.acquire()

        return self.connection.ensure_connection(
            complain, self.broker_attempts, interval_max=5, callback=wait
        )


class Service(BaseService):  # type: ignore[misc]
    """Celery's beat, which puts the scheduler class under the lock, wherever it was named."""

    def get_scheduler(self, *args: Any, **kwargs: Any) -> BaseScheduler:
        """Make the scheduler. Ends the process with status 78 if its class cannot be used."""
        self.scheduler_cls: type[BaseScheduler] | str
        try:
            self.scheduler_cls = with_lock(scheduler_class(self.scheduler_cls))
        except ValueError as error:
            logger.critical("%s", error)
            raise SystemExit(EX_CONFIG) from None
        return super().get_scheduler(*args, **kwargs)


def connect(app: Any) -> None:
    """Give the beat of ``app`` its lock, its heartbeat and its logs; may be called again."""
    app.Beat.Service = Service
    logs.connect()


def scheduler_class(name: str | type) -> type[BaseScheduler]:
    """Return what MODULE:CLASS, or an alias such as "django", stands for. Raises ValueError."""
    wanted = "Name it as MODULE:CLASS in CELERY_BEAT_SCHEDULER, BEAT_SCHEDULER or the option -S."
    try:
        aliases = {point.name: point.value for point in entry_points(group="celery.beat_schedulers")}
        found = symbol_by_name(name, aliases=aliases)
    except (ImportError, AttributeError, ValueError) as error:
        raise ValueError(f"beat: the scheduler {name} cannot be imported: {error}. {wanted}") from None
    if not (isinstance(found, type) and issubclass(found, BaseScheduler)):
        raise ValueError(f"beat: {name} is not a scheduler class of Celery. {wanted}")
    return found


_made: dict[type[Any], type[Any]] = {}


def with_lock(found: type[BaseScheduler]) -> type[BaseScheduler]:
    """Return a subclass of a scheduler class that runs under the lock; the class itself if it does."""
    if issubclass(found, LockedSchedulerMixin):
        return found
    if found not in _made:
        name = f"Locked{found.__name__}"
        _made[found] = type(
            name, (LockedSchedulerMixin, found), {"__module__": __name__, "__doc__": found.__doc__}
        )
        setattr(sys.modules[__name__], name, _made[found])  # it can be imported by its name
    return _made[found]
