"""Due times: when an entry of the schedule should have run since it last did."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from celery import schedules

# A due time may be late by this or by its interval, whichever is more; what is later coalesces.
LATE = timedelta(seconds=5)

# Below it beat would do nothing but publish.
SHORTEST = timedelta(seconds=0.1)

# A longer pause is not walked through due time by due time, unless it holds no more of them than this.
_WALKED = timedelta(hours=1)
_FEW = 3

# Due times of crontabs that were computed lately, by what the crontab says and the time before: many entries share one.
_computed: dict[tuple[str, str, datetime], datetime] = {}
_COMPUTED = 10_000


def next_due(schedule: Any, due: datetime) -> datetime:
    """The due time after ``due``, on the schedule's own grid, so that nothing drifts.

    An interval counts from the due time before; any other schedule of Celery (crontab, solar, one's
    own) is asked what remains, with its clock set so that the answer is a point in time.
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
    # In the schedule's time zone: crontabs of Celery before 5.7 take the hours of whatever zone they are given.
    local = due.astimezone(getattr(schedule, "tz", None) or due.tzinfo)
    clock, schedule.nowfun = schedule.nowfun, lambda: local
    try:
        remaining: timedelta = schedule.remaining_estimate(local)
    finally:
        schedule.nowfun = clock
    # A schedule that answers with nothing to wait for would never end here.
    remaining = max(remaining, timedelta(seconds=1))
    found = due + remaining
    if isinstance(schedule, schedules.crontab) and not _fits(schedule, found.astimezone(local.tzinfo)):
        # Clocks change until then, and before 5.7 what remains is told by the clock.
        by_the_clock = local + remaining
        if _fits(schedule, by_the_clock):
            return by_the_clock.astimezone(due.tzinfo)
    return found


def _fits(schedule: schedules.crontab, local: datetime) -> bool:
    return local.hour in schedule.hour and local.minute in schedule.minute


def missed(schedule: Any, last: datetime, now: datetime) -> Iterator[datetime]:
    """The due times after ``last`` up to ``now`` that are to be published, oldest first.

    Those that are later than the larger of the interval and LATE coalesce into the newest one that
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
    """A point before the due times that may have to be published, so that a pause of a year is no long walk."""
    if type(schedule) is schedules.schedule:
        interval: timedelta = schedule.run_every
        skipped = (now - last - max(interval, LATE)) // interval - 1
        return last + interval * max(skipped, 0)
    if now - last <= _WALKED or _few(schedule, last, now):
        return last
    # The newest due time is the one after the last point that has any up to now.
    before, after = last, now
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if next_due(schedule, middle) <= now:
            before = middle
        else:
            after = middle
    return max(last, min(before, now - LATE))


def _few(schedule: Any, due: datetime, now: datetime) -> bool:
    """Whether only a few due times lie between two points, as those of a daily entry do in most pauses."""
    for _ in range(_FEW):
        due = next_due(schedule, due)
        if due > now:
            return True
    return False


def is_ahead(schedule: Any, last: datetime, now: datetime) -> bool:
    """Whether ``last`` lies further in the future than the next due time, as if the clock had been set back."""
    return last > next_due(schedule, now)


def is_too_short(schedule: Any) -> bool:
    """Whether it is an interval that leaves no time between two runs."""
    return type(schedule) is schedules.schedule and schedule.run_every < SHORTEST
