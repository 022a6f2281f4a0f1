"""Beat and the time: daylight saving, clocks that jump, and the cost of many entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from celery import VERSION, Celery, schedules

from django_k8s.celery.beat.due_times import missed, next_due
from django_k8s.celery.beat.plan import Plan
from django_k8s.celery.beat.schedule import Entry

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def app() -> Iterator[Celery]:
    """An application whose time zone changes its clocks on 2026-03-29 and 2026-10-25 at 01:00 UTC."""
    made = Celery(set_as_current=False)
    made.conf.update(timezone="Europe/Berlin", enable_utc=True)
    yield made
    made.close()


def due_times(schedule: schedules.BaseSchedule, begin: datetime, end: datetime) -> list[str]:
    """Every due time between two points in time, as local time with its offset."""
    found, due = [], next_due(schedule, begin)
    while due <= end:
        found.append(due.astimezone(BERLIN).strftime("%H:%M%z"))
        due = next_due(schedule, due)
    return found


SPRING, AUTUMN = datetime(2026, 3, 28, 23, 30, tzinfo=UTC), datetime(2026, 10, 24, 22, 30, tzinfo=UTC)
SIX_HOURS = timedelta(hours=6)


@pytest.mark.parametrize(
    ("fields", "begin", "expected"),
    [
        # 02:30 does not exist; what is due then runs an hour later by the clock, once.
        ({"minute": 30, "hour": 2}, SPRING, ["03:30+0200"]),
        ({"minute": 30, "hour": 4}, SPRING, ["04:30+0200"]),
        # 02:30 comes twice, and what is due then runs once.
        ({"minute": 30, "hour": 2}, AUTUMN, ["02:30+0200"]),
        ({"minute": 30, "hour": 4}, AUTUMN, ["04:30+0100"]),
    ],
    ids=["missing", "after the missing hour", "repeated", "after the repeated hour"],
)
def test_daily_when_the_clock_changes(
    app: Celery, fields: dict[str, int], begin: datetime, expected: list[str]
) -> None:
    """A daily crontab in a zone with daylight saving runs once that day, too."""
    every = schedules.crontab(**fields, app=app)

    assert due_times(every, begin, begin + SIX_HOURS) == expected
    assert [due.astimezone(BERLIN).strftime("%H:%M%z") for due in missed(every, begin, begin + SIX_HOURS)] == expected  # fmt: skip


def test_hours_are_those_of_the_time_zone(app: Celery) -> None:
    """On other days, too, and whatever zone the last due time is told in."""
    summer = datetime(2026, 7, 1, tzinfo=UTC)
    every = schedules.crontab(minute=30, hour="4,22", app=app)

    assert due_times(every, summer, summer + timedelta(days=1)) == ["04:30+0200", "22:30+0200"]


def test_hourly_when_an_hour_is_repeated(app: Celery) -> None:
    """The repeated hour is left out, as plain Celery does; before Celery 5.7 it is not."""
    repeated = ["02:45+0100"] if VERSION < (5, 7) else []
    found = due_times(schedules.crontab(minute=45, app=app), AUTUMN, AUTUMN + timedelta(hours=5))

    assert found == ["00:45+0200", "01:45+0200", "02:45+0200", *repeated, "03:45+0100"]


@pytest.mark.parametrize("begin", [SPRING, AUTUMN], ids=["spring", "autumn"])
def test_intervals_do_not_care(app: Celery, begin: datetime) -> None:
    """An interval of an hour is an hour."""
    found = due_times(schedules.schedule(3600, app=app), begin, begin + SIX_HOURS)

    assert len(found) == 6


def test_utc_has_no_such_hours() -> None:
    """In UTC, which is the default, every hour comes once."""
    app = Celery(set_as_current=False)
    found = due_times(
        schedules.crontab(minute=30, app=app), AUTUMN - timedelta(minutes=1), AUTUMN + SIX_HOURS
    )
    assert len(found) == 7
    app.close()


class Counted(schedules.schedule):  # type: ignore[misc]
    """Counts how often any of them is asked."""

    asked = 0

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """As the class does."""
        Counted.asked += 1
        remaining: timedelta = super().remaining_estimate(last_run_at)
        return remaining


def test_a_turn_costs_what_is_due() -> None:
    """Of 5,000 entries one is due: only that one is asked."""
    now = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
    entries = {f"e{number}": Entry(f"e{number}", "task", Counted(3600)) for number in range(5000)}
    plan = Plan(entries)
    for number, name in enumerate(entries):
        plan.set(name, now - timedelta(seconds=number % 3000), now)
    Counted.asked = 0
    soonest = plan.soonest()
    assert soonest == now + timedelta(seconds=3600 - 2999)
    name = plan.up(soonest)
    assert name is not None
    plan.set(name, soonest, soonest)
    assert Counted.asked == 1


def test_an_entry_that_was_postponed_stays_due() -> None:
    """It comes up later, after the others, and the plan knows since when it is due."""
    now = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)
    plan = Plan({name: Entry(name, "task", schedules.schedule(60)) for name in ("first", "second")})
    plan.set("first", now - timedelta(seconds=70), now)
    plan.set("second", now - timedelta(seconds=65), now)
    assert plan.up(now) == "first"
    plan.postpone("first", now)
    assert plan.up(now) == "second"
    assert plan.soonest() == now - timedelta(seconds=10)
    plan.set("second", now, now)
    assert plan.soonest() == now - timedelta(seconds=10)
    assert plan.up(now) is None
    assert plan.up(now + timedelta(seconds=1)) == "first"
