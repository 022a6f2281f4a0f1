"""Due times: when an entry of the schedule should have run since its last run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from celery import schedules

# A due time may be late by this or by its interval, whichever is longer. Later ones coalesce.
LATE = timedelta(seconds=5)

# With a shorter interval, beat would only publish.
SHORTEST = timedelta(seconds=0.1)

# A pause with more due times is not processed one by one.
_WALKED = timedelta(hours=1)
_FEW = 3

# Recently computed due times of crontabs, by the crontab and the previous time: many entries share one.
_computed: dict[tuple[str, str, datetime], datetime] = {}
_COMPUTED = 10_000


def next_due(schedule: Any, due: datetime) -> datetime:
    """Return the due time after ``due``, on the grid of the schedule, so that nothing drifts.

    An interval counts from the previous due time. Any other schedule of Celery (crontab, solar or your own) is asked
    how much time remains, with its clock set so that the answer is a point in time.
    """
    if type(schedule) is schedules.schedule:
        interval: timedelta = schedule.run_every
        return due + interval
    if isinstance(schedule, schedules.crontab):
        due = due.replace(microsecond=0)  # which it would carry on
    if type(schedule) is not schedules.crontab or schedule.nowfun is not None:
        return _asked(schedule, due)
    key = (repr(schedule), str(schedule.tz), due)
    if key not in _computed:
        if len(_computed) >= _COMPUTED:
            _computed.clear()
        _computed[key] = _asked(schedule, due)
    return _computed[key]


def _asked(schedule: Any, due: datetime) -> datetime:
    # In the time zone of the schedule: before Celery 5.7, crontabs use the hours of the zone that they get.
    local = due.astimezone(getattr(schedule, "tz", None) or due.tzinfo)
    clock, schedule.nowfun = schedule.nowfun, lambda: local
    try:
        remaining: timedelta = schedule.remaining_estimate(local)
    finally:
        schedule.nowfun = clock
    # A schedule that answers with no time to wait would cause an endless loop here.
    remaining = max(remaining, timedelta(seconds=1))
    found = due + remaining
    if isinstance(schedule, schedules.crontab) and not _fits(schedule, found.astimezone(local.tzinfo)):
        # The clocks change until then, and before 5.7, the remaining time is computed from the local clock.
        by_the_clock = local + remaining
        if _fits(schedule, by_the_clock):
            return by_the_clock.astimezone(due.tzinfo)
    return found


def _fits(schedule: schedules.crontab, local: datetime) -> bool:
    return local.hour in schedule.hour and local.minute in schedule.minute


def missed(schedule: Any, last: datetime, now: datetime) -> Iterator[datetime]:
    """Return the due times after ``last`` and up to ``now`` that must be published, oldest first.

    Due times that are late by more than the larger of the interval and LATE coalesce into the newest of them, which
    is published.
    """
    newest: datetime | None = None
    due = next_due(schedule, _near(schedule, last, now))
    while due <= now:
        after = next_due(schedule, due)
        in_time = now - due <= max(after - due, LATE)
        if in_time:
            yield due
        newest = None if in_time else due
        due = after
    if newest is not None:
        yield newest


def _near(schedule: Any, last: datetime, now: datetime) -> datetime:
    """Return a point before the due times that may have to be published, so that long pauses need no long loop."""
    if type(schedule) is schedules.schedule:
        interval: timedelta = schedule.run_every
        skipped = (now - last - max(interval, LATE)) // interval - 1
        return last + interval * max(skipped, 0)
    if now - last <= _WALKED or _few(schedule, last, now):
        return last
    # The newest due time follows the last point that has one up to now.
    before, after = last, now
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if next_due(schedule, middle) <= now:
            before = middle
        else:
            after = middle
    return max(last, min(before, now - LATE))


def _few(schedule: Any, due: datetime, now: datetime) -> bool:
    """Return whether there are only a few due times between two points, as for a daily entry in most pauses."""
    for _ in range(_FEW):
        due = next_due(schedule, due)
        if due > now:
            return True
    return False


def is_ahead(schedule: Any, last: datetime, now: datetime) -> bool:
    """Return whether ``last`` is further in the future than the next due time, as if the clock had been set back."""
    return last > next_due(schedule, now)


def is_too_short(schedule: Any) -> bool:
    """Return whether the schedule is an interval that is too short."""
    return type(schedule) is schedules.schedule and schedule.run_every < SHORTEST
