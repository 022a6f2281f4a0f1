"""Beat's scheduler: its state in the database, every due time published, safe with two of them.

A due time is published first and committed then. What comes between the two, a kill or the loss of the
database or of the broker's answer, publishes it again, with the same task id; nothing else does. See
docs/explanation/beat.md.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from celery.beat import Scheduler as BaseScheduler
from celery.beat import SchedulingError
from celery.utils.log import get_logger
from django.db import DatabaseError, InterfaceError, connections, router
from kombu.exceptions import OperationalError

from django_k8s.celery.beat.due_times import SHORTEST, is_ahead, is_too_short, missed, next_due, task_id
from django_k8s.celery.beat.lock import defer_stop_signals
from django_k8s.celery.beat.locked_scheduler import TICK_SECONDS, LockedSchedulerMixin
from django_k8s.environment import startup
from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.observability import newrelic

logger = get_logger("django_k8s.beat")

DUE_HEADER = "beat_due"  # the due time, ISO 8601 in UTC, for the task to read


class Scheduler(LockedSchedulerMixin, BaseScheduler):  # type: ignore[misc]
    """Publishes CELERY_BEAT_SCHEDULE from the table of beat entries."""

    reads_at_takeover = False  # it reads the table then, and has CELERY_BEAT_SCHEDULE checked at the start
    broker_attempts = 1  # a tick that cannot publish comes again in a second

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._dues: dict[str, datetime] = {}  # the last due time of each entry, as in the database
        self._next = datetime.min.replace(tzinfo=UTC)  # when there is something to do again
        self._looked = datetime.min.replace(tzinfo=UTC)  # the time of the last tick
        self._complaint = ""
        self._count = _counter()
        super().__init__(*args, **kwargs)

    def setup_schedule(self) -> None:
        """Take CELERY_BEAT_SCHEDULE over; what the database knows is read once the lock is held."""
        self.merge_inplace(self.app.conf.beat_schedule)
        self.install_default_entries(self.schedule)
        for name, entry in self.schedule.items():
            if is_too_short(entry.schedule):
                logger.critical(
                    "CELERY_BEAT_SCHEDULE: %s would run every %g s. The shortest interval is %g s.",
                    name, entry.schedule.run_every.total_seconds(), SHORTEST.total_seconds(),
                )  # fmt: skip
                raise SystemExit(EX_CONFIG)

    def taken_over(self) -> None:
        """Another beat may have published since: forget what was known."""
        self._dues.clear()
        self._next = datetime.min.replace(tzinfo=UTC)

    def heartbeat_fields(self) -> dict[str, object]:
        """The next due time, in seconds since 1970, where this process is the one to publish it."""
        due = self._next.timestamp()
        return {"due": due} if self._publishing and due > 0 else {}

    def work(self) -> float:
        """Publish what is due. Failures of database and broker are logged and tried again."""
        now = datetime.now(UTC)
        if now < self._looked:  # the clock was set back
            self._dues.clear()
        self._looked = now
        try:
            if not self._dues:
                self._load(now)
            if now >= self._next:
                for name, entry in list(self.schedule.items()):
                    self._publish_missed(entry, self._dues.get(name, now))
                self._next = self._soonest(now)
        except _Changed:
            self._dues.clear()
            return 0.1
        except self._outages() as error:
            self._complain(error)
            return TICK_SECONDS
        self._complaint = ""
        return max(0.0, min((self._next - datetime.now(UTC)).total_seconds(), TICK_SECONDS))

    def _load(self, now: datetime) -> None:
        """Read the table; new entries begin now, those that are gone from the schedule go."""
        from django_k8s.models import BeatEntry

        entries = BeatEntry.objects.using(router.db_for_write(BeatEntry))
        entries.exclude(name__in=list(self.schedule)).delete()
        entries.bulk_create([BeatEntry(name=name, due=now) for name in self.schedule], ignore_conflicts=True)
        self._dues = dict(entries.values_list("name", "due"))
        for name, entry in self.schedule.items():
            last = self._dues[name]
            if is_ahead(entry.schedule, last, now):
                # Written by a clock that was wrong; the entry would be silent until that time.
                logger.warning(
                    "beat: %s ran at %s by a clock that was ahead; it goes on from now", name, last
                )
                entries.filter(name=name, due=last).update(due=now)
                self._dues[name] = now
        self._next = self._soonest(now)

    def _soonest(self, now: datetime) -> datetime:
        """The first due time that is not published, which may have passed."""
        return min(
            (next_due(entry.schedule, self._dues[name]) for name, entry in self.schedule.items()),
            default=now + timedelta(days=1),
        )

    def _publish_missed(self, entry: Any, last: datetime) -> None:
        for due in missed(entry.schedule, last, datetime.now(UTC)):
            self._publish(entry, self._dues[entry.name], due)

    def _publish(self, entry: Any, last: datetime, due: datetime) -> None:
        """Publish one due time, then commit it. Raises _Changed when this process may not."""
        from django_k8s.models import BeatEntry

        row = BeatEntry.objects.using(router.db_for_write(BeatEntry)).filter(name=entry.name, due=last)
        if not (self.lock.held() and row.exists()):
            raise _Changed
        with defer_stop_signals():
            self._send(_dated(entry, self.app.main, due), due)
            if not row.update(due=due, published_at=datetime.now(UTC)):
                raise _Changed
        self._dues[entry.name] = due
        self._heartbeat.write(**self.heartbeat_fields())
        if self._count is not None:
            self._count.labels(entry.name).inc()

    def _send(self, entry: Any, due: datetime) -> None:
        """Give one message to the broker. Raises what the connection raises, and nothing else."""
        try:
            with newrelic.transaction(entry.task, "Beat"):
                self.apply_async(entry, producer=self.producer, advance=False)
        except SchedulingError as error:
            cause = error.__context__
            if isinstance(cause, self._broker_errors()):
                raise cause from None
            # A message that cannot be made must not stop the other entries.
            logger.exception(
                "beat: %s cannot be published; its due time %s is skipped", entry.name, due.isoformat()
            )
        else:
            logger.info("beat: published %s (%s), due %s", entry.name, entry.task, due.isoformat())

    def _outages(self) -> tuple[type[BaseException], ...]:
        return (DatabaseError, InterfaceError, *self._broker_errors())

    def _broker_errors(self) -> tuple[type[BaseException], ...]:
        transport = self.connection
        return (OSError, OperationalError, *transport.connection_errors, *transport.channel_errors)

    def _complain(self, error: BaseException) -> None:
        """One line when an outage begins; the connections that it broke are closed."""
        kind = type(error).__name__
        if self._complaint != kind:
            logger.error("beat: the database or the broker cannot be used (%s); trying again", kind)
        self._complaint = kind
        self._dues.clear()
        with suppress(DatabaseError, InterfaceError):
            connections.close_all()
        # A producer would keep its broken connection.
        self.__dict__.pop("producer", None)
        broken = self.__dict__.pop("connection", None)
        if broken is not None:
            with suppress(Exception):
                broken.release()


def _counter() -> Any:
    if not startup.env().bool("METRICS"):
        return None
    from django_k8s.observability.metrics import beat_published

    return beat_published


class _Changed(Exception):
    """The lock is lost, or another beat has published: start again from the database."""


def _dated(entry: Any, app: str, due: datetime) -> Any:
    """A copy of ``entry`` whose message has the id and the header of its due time."""
    dated = entry.__class__(**dict(entry))
    # No retry inside a publish: it would hold a stop back. The next tick tries again.
    dated.options = {"retry": False, **entry.options, "task_id": task_id(app, entry, due)}
    dated.options["headers"] = {**entry.options.get("headers", {}), DUE_HEADER: due.isoformat()}
    return dated
