"""Any scheduler class of Celery, under the lock and with a heartbeat."""

from __future__ import annotations

import contextlib
import sys
import time
from importlib.metadata import entry_points
from typing import Any

from celery.beat import Scheduler as BaseScheduler
from celery.beat import Service as BaseService
from celery.utils.imports import symbol_by_name
from django.db import DatabaseError, InterfaceError, connections

from django_k8s.celery import logs
from django_k8s.celery.beat.process import STANDBY_SECONDS, BeatProcess, defer_stop_signals, logger
from django_k8s.celery.beat.scheduler import Scheduler
from django_k8s.environment.exit_codes import EX_CONFIG

TICK_SECONDS = 1.0  # the longest sleep after a failure
IDLE_SECONDS = 5.0  # the limit for classes that would sleep longer


class LockedSchedulerMixin(BaseScheduler):  # type: ignore[misc]
    """A mixin before a scheduler class, which then ticks only while this process holds the lock.

    The heartbeat continues during every wait. A lost lock pauses the scheduler, but never ends the process.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._process = BeatProcess(args[0] if args else kwargs["app"])
        self._publishing = False
        self._sending = False
        self._failure: Exception | None = None  # of the last message
        self._arguments = (args, kwargs)
        self._kept = tuple(self.__dict__)
        # Read the schedule only when the lock is acquired. What a standby read at its start may be out of date by
        # then.
        super().__init__(*args, **{**kwargs, "lazy": True})

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Tick, or stand by, and wait for the next turn. Return 0."""
        process = self._process
        process.begin_turn()
        if not process.lock.acquire():
            self._publishing = False
            if process.lock.error is None:
                process.outage.is_over()
            else:
                process.outage.goes_on("the lock cannot be taken", process.lock.error)
            process.due = None
            process.beat()
            process.wait(STANDBY_SECONDS)
            return 0.0
        try:
            if not self._publishing:
                self._take_over()
                self._publishing = True
            seconds = float(super().tick())
        except (DatabaseError, InterfaceError) as error:
            self._pause(error)
            return 0.0
        if self._failure is None:
            process.outage.is_over()
        else:
            process.outage.goes_on(
                "a message cannot be published", self._failure.__context__ or self._failure
            )
        seconds = max(0.0, min(seconds, IDLE_SECONDS))
        process.due = time.time() + seconds
        process.beat()
        process.wait(seconds)
        return 0.0

    def _pause(self, error: Exception) -> None:
        """Note that the database is down or read-only, so that the schedule is read again when it is back."""
        self._process.outage.goes_on("the database cannot be used", error)
        self._publishing = False
        with contextlib.suppress(DatabaseError, InterfaceError):
            connections.close_all()
        self._process.beat()
        self._process.wait(TICK_SECONDS)

    def apply_async(self, *args: Any, **kwargs: Any) -> Any:
        """Publish one task without interruption: Celery would take a stop in between for a failure of the broker.

        Celery stores the schedule at the end, in a database that may be silent. This class does so after stops are
        allowed again.
        """
        try:
            with defer_stop_signals():
                self._sending = True
                try:
                    result = super().apply_async(*args, **kwargs)
                finally:
                    self._sending = False
            if self.should_sync():
                self._do_sync()
        except Exception as error:
            self._failure = error
            raise
        self._failure = None
        return result

    def _take_over(self) -> None:
        """Start again like a new process, because another beat may have published since this one started."""
        kept = {name: self.__dict__[name] for name in self._kept}
        self.__dict__.clear()
        self.__dict__.update(kept, _kept=tuple(kept))
        args, kwargs = self._arguments
        super().__init__(*args, **kwargs)

    def should_sync(self) -> bool:
        """Store nothing in a standby: it must not overwrite what the holder has stored."""
        return self._publishing and not self._sending and bool(super().should_sync())

    def close(self) -> None:
        """Store the schedule, close the connections, and release the lock."""
        try:
            if self._publishing:
                super().close()
        except SystemExit:  # a stop does not wait forever
            logger.warning("beat: the schedule was not stored, because its store does not answer")
        finally:
            self._process.close()

    def _ensure_connected(self) -> Any:
        # Like the base class, but with heartbeats: by default, it waits for the broker without a sign of life.
        def complain(error: Exception, interval: float) -> None:
            self._process.outage.goes_on("the broker cannot be reached", error)

        def wait() -> None:
            self._process.beat()
            self._process.lock.acquire()

        return self.connection.ensure_connection(complain, interval_max=5, callback=wait)


class Service(BaseService):  # type: ignore[misc]
    """Celery's beat, with its scheduler class under the lock, no matter where the class is named."""

    def get_scheduler(self, *args: Any, **kwargs: Any) -> BaseScheduler:
        """Create the scheduler. End the process with status 78 if its class cannot be used."""
        self.scheduler_cls: type[BaseScheduler] | str
        try:
            self.scheduler_cls = with_lock(scheduler_class(self.scheduler_cls))
        except ValueError as error:
            logger.critical("%s", error)
            raise SystemExit(EX_CONFIG) from None
        return super().get_scheduler(*args, **kwargs)


def connect(app: Any) -> None:
    """Give the beat of ``app`` its lock, its heartbeat and its logs. Calling it again has no effect."""
    app.Beat.Service = Service
    logs.connect()


def scheduler_class(name: str | type) -> type[BaseScheduler]:
    """Return the class that MODULE:CLASS, or an alias such as "django", names. Raise ValueError if there is none."""
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
    """Return a subclass of a scheduler class that runs under the lock, or the class itself if it already does."""
    if issubclass(found, LockedSchedulerMixin | Scheduler):
        return found
    if found not in _made:
        name = f"Locked{found.__name__}"
        _made[found] = type(
            name, (LockedSchedulerMixin, found), {"__module__": __name__, "__doc__": found.__doc__}
        )
        setattr(sys.modules[__name__], name, _made[found])  # it can be imported by its name
    return _made[found]
