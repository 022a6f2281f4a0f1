"""Beat's loop: its state is in the database, it publishes every due time, and two at once are safe.

A due time is recorded and published in one transaction. It is published again, with the same task id, only if beat is
killed, or loses the database or the broker's answer, between publishing and committing. The page "Beat" of the documentation explains it.
"""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import DatabaseError, InterfaceError, connections

from django_k8s.celery.beat import table
from django_k8s.celery.beat.due_times import is_ahead, missed
from django_k8s.celery.beat.outage import one_line
from django_k8s.celery.beat.plan import Plan
from django_k8s.celery.beat.process import STANDBY_SECONDS, BeatProcess, defer_stop_signals, logger
from django_k8s.celery.beat.publisher import NoMessage, Publisher
from django_k8s.celery.beat.schedule import Entry, Refused, read
from django_k8s.environment import startup
from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.observability.once_a_minute import OnceAMinute

AGAIN_SECONDS = 1.0  # after a failure


class Loop:
    """Publish CELERY_BEAT_SCHEDULE from the table of beat entries. Call :meth:`turn` forever, then :meth:`close`."""

    look_seconds = 30.0  # how often a standby checks what the holder has published
    silent_seconds = 60.0  # after which it says that the holder publishes nothing

    def __init__(self, app: Any) -> None:
        self._process = BeatProcess(app)
        self._publisher = Publisher(app)
        try:
            self._entries, self._broken = read(app)
        except Refused as error:
            logger.critical("%s", error)
            raise SystemExit(EX_CONFIG) from None
        self._plan = Plan(self._entries)
        self._loaded = False  # whether the plan matches the table
        self._turned = datetime.min.replace(tzinfo=UTC)  # the time of the last turn
        self._looked = 0.0
        self._unmade: set[str] = set()  # entries whose last message could not be created
        self._lines = OnceAMinute()
        self._count = _counter()

    def turn(self) -> None:
        """Take the lock, load, publish what is due, and wait for what comes next."""
        process = self._process
        process.begin_turn()
        now = self._now()
        if now < self._turned:  # the clock was set back
            self._loaded = False
        self._turned = now
        if not process.lock.acquire():
            self._stand_by(now)
            return
        try:
            if not self._loaded:
                self._load(now)
            good = self._publish_what_is_due()
        except table.Changed:
            self._loaded = False
            process.wait(0.1)
            return
        except (DatabaseError, InterfaceError) as error:
            self._fail("the database cannot be used", error)
            return
        self._tell()
        process.wait(self._seconds() if good else AGAIN_SECONDS)

    def close(self) -> None:
        """Release the lock and close the connections."""
        self._process.close()
        self._publisher.close()

    def _now(self) -> datetime:
        return datetime.now(UTC)

    def _seconds(self) -> float:
        """Return the seconds until the next entry is due."""
        turn = self._plan.next_turn()
        return (turn - self._now()).total_seconds() if turn else 3600.0

    def _tell(self) -> None:
        """Write the next due time to the heartbeat, or a time in the future if there is nothing to do."""
        soonest = self._plan.soonest()
        self._process.due = soonest.timestamp() if soonest else time.time() + 3600
        unscheduled = {**self._broken, **self._plan.broken}
        self._process.failing = len({*unscheduled, *self._plan.late, *self._unmade})
        self._process.beat()
        for name, reason in unscheduled.items():
            self._say(name, f"beat: {name} cannot be scheduled ({reason}); all other entries continue")

    def _stand_by(self, now: datetime) -> None:
        """Note that another beat has the lock, or that nobody can get it.

        If something has been due for a minute, nobody publishes.
        """
        error = self._process.lock.error
        self._loaded = False
        if error is not None:
            self._process.outage.goes_on("the lock cannot be taken", error)
        elif time.monotonic() - self._looked > self.look_seconds:
            self._looked = time.monotonic()
            try:
                self._update(table.due_times(), now)
            except (DatabaseError, InterfaceError) as failure:
                self._fail("the database cannot be used", failure)
                return
            soonest = self._plan.soonest()
            if soonest is not None and now - soonest > timedelta(seconds=self.silent_seconds):
                self._process.due = soonest.timestamp()
                self._process.outage.goes_on("another beat holds the lock and publishes nothing")
            else:
                self._process.outage.is_over()
                self._process.due = None
        self._process.beat()
        self._process.wait(STANDBY_SECONDS)

    def _load(self, now: datetime) -> None:
        """Read the table. New entries begin now, and entries that are no longer in the schedule are removed."""
        known = table.due_times()
        if missing := self._entries.keys() - known.keys():
            table.add(missing, now)
            known = table.due_times()
        if gone := known.keys() - self._entries.keys():
            table.remove(gone)
        self._update(known, now)
        for name, last in list(self._plan.last.items()):
            if last > now and self._is_ahead(name, last, now):
                # A wrong clock wrote this. Otherwise the entry would be silent until that time.
                logger.warning(
                    "beat: %s ran at %s by a clock that was ahead; it continues from now", name, last
                )
                table.reset(name, last, now)
                self._plan.set(name, now, now)
        self._loaded = True

    def _is_ahead(self, name: str, last: datetime, now: datetime) -> bool:
        with contextlib.suppress(Exception):  # the plan lists schedules that fail
            return is_ahead(self._entries[name].schedule, last, now)
        return False

    def _update(self, known: dict[str, datetime], now: datetime) -> None:
        """Update the plan. Unchanged entries take no time."""
        for name, last in known.items():
            if name in self._entries and self._plan.last.get(name) != last:
                self._plan.set(name, last, now)
                self._process.beat()

    def _publish_what_is_due(self) -> bool:
        """Publish each entry that is due. Return False if nothing can be published.

        An entry that fails is tried again later, after the others, because it may be the only one that fails.
        """
        failed: list[str] = []
        published = False
        outages: tuple[type[BaseException], ...] = (DatabaseError, InterfaceError, *self._publisher.errors)
        while (name := self._plan.up(self._now())) is not None:
            try:
                self._publish_missed(self._entries[name])
            except outages as error:
                failed.append(name)
                self._plan.postpone(name, self._now())
                self._reconnect()
                if not published:
                    self._process.outage.goes_on("the database or the broker cannot be used", error)
                    if len(failed) > 1:
                        break
                self._say(name, f"beat: {name} was not published ({one_line(error)}); trying again")
            else:
                published = True
                self._process.outage.is_over()
        if not failed and not self._plan.late:
            self._process.outage.is_over()
        return published or not failed

    def _publish_missed(self, entry: Entry) -> None:
        """Publish the due times of one entry, oldest first."""
        plan, name = self._plan, entry.name
        try:
            dues = list(missed(entry.schedule, plan.last[name], self._now()))
        except Exception:  # the plan says so
            dues = []
        for due in dues:
            self._publish(entry, plan.last[name], due)
            plan.last[name] = due
        plan.set(name, plan.last[name], self._now())

    def _publish(self, entry: Entry, last: datetime, due: datetime) -> None:
        """Publish one due time. Raise Changed if this process must not."""
        if not self._process.lock.held():
            raise table.Changed
        # A stop may interrupt recording, because a silent database never answers. From publishing to the commit, it
        # must wait.
        with contextlib.ExitStack() as stops, table.published(entry.name, last, due):
            stops.enter_context(defer_stop_signals())
            sent = self._send(entry, due)
        self._process.beat()
        if sent and self._count is not None:
            self._count.labels(entry.name).inc()

    def _send(self, entry: Entry, due: datetime) -> bool:
        """Give one message to the broker. Return False if it cannot be created, because it must not stop others."""
        try:
            self._publisher.send(entry, due)
        except NoMessage as error:
            self._unmade.add(entry.name)
            self._say(
                entry.name,
                f"beat: {entry.name} cannot be published, its due time {due.isoformat()} is skipped: "
                f"{one_line(error.__cause__ or error)}",
            )
            return False
        self._unmade.discard(entry.name)
        logger.info("beat: published %s (%s), due %s", entry.name, entry.task, due.isoformat())
        return True

    def _fail(self, reason: str, error: BaseException) -> None:
        """Note a failure, and let the next turn start from the beginning."""
        self._process.outage.goes_on(reason, error)
        self._loaded = False
        self._reconnect()
        self._process.beat()
        self._process.wait(AGAIN_SECONDS)

    def _reconnect(self) -> None:
        """Close connections that an outage has broken, or that lead to a former primary server."""
        with contextlib.suppress(DatabaseError, InterfaceError):
            connections.close_all()
        self._publisher.close()

    def _say(self, name: str, text: str) -> None:
        """Log one line about an entry, at most once a minute."""
        if self._lines.is_due(name):
            logger.error("%s", text)


def _counter() -> Any:
    if not startup.env().bool("METRICS"):
        return None
    from django_k8s.observability.metrics import beat_published

    return beat_published
