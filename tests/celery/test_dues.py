"""Due times: on the schedule's grid, none left out, and those that are too late become one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from celery import schedules

from django_k8s.celery.beat.due_times import is_ahead, is_too_short, missed, next_due

START = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)


def seconds(dues: list[datetime]) -> list[float]:
    return [(due - START).total_seconds() for due in dues]


@pytest.mark.parametrize(
    ("interval", "late", "expected"),
    [
        pytest.param(5, 0, [], id="nothing is due"),
        pytest.param(5, 4.9, [], id="not yet due"),
        pytest.param(5, 5, [5], id="just due"),
        # 5 is late by more than its interval: it and 10 become one.
        pytest.param(5, 12, [10], id="missed"),
        # Up to five seconds late is in time.
        pytest.param(2, 5.5, [2, 4], id="in time"),
        pytest.param(2, 9, [4, 6, 8], id="the oldest missed"),
        pytest.param(2, 3600, [3596, 3598, 3600], id="an hour missed"),
        pytest.param(3600, 7300, [7200], id="each hour"),
        pytest.param(0.5, 3, [0.5, 1.0, 1.5, 2.0, 2.5, 3.0], id="twice a second"),
    ],
)
def test_interval(interval: float, late: float, expected: list[float]) -> None:
    """Everything that is late by no more than the larger of the interval and five seconds."""
    found = seconds(list(missed(schedules.schedule(interval), START, START + timedelta(seconds=late))))

    assert found == expected


def test_crontab() -> None:
    """A crontab keeps to its minutes, and after a day's pause runs once."""
    every = schedules.crontab(minute="*/15")
    assert next_due(every, START + timedelta(microseconds=765_862)) == START + timedelta(minutes=15)
    assert next_due(every, START) == START + timedelta(minutes=15)
    assert seconds(list(missed(every, START, START + timedelta(minutes=16)))) == [900]
    late = list(missed(schedules.crontab(minute=0, hour=3), START, START + timedelta(days=3)))
    assert late == [datetime(2030, 2, 3, 3, 0, tzinfo=UTC)]


def test_nothing_is_left_out_in_small_steps() -> None:
    """Each due time comes once, however small the steps are."""
    last, found = START, []
    for step in range(1, 400):
        for due in missed(schedules.schedule(2), last, START + timedelta(seconds=0.3 * step)):
            found.append(due)
            last = due
    assert seconds(found) == [2.0 * number for number in range(1, 60)]


class CountedCrontab(schedules.crontab):  # type: ignore[misc]
    """Counts how often it is asked."""

    asked = 0

    def remaining_estimate(self, last_run_at: datetime) -> timedelta:
        """As the class does."""
        self.asked += 1
        remaining: timedelta = super().remaining_estimate(last_run_at)
        return remaining


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, datetime(2031, 2, 9, 12, 0, tzinfo=UTC)),
        ({"minute": 30, "hour": 3, "day_of_month": 5}, datetime(2031, 2, 5, 3, 30, tzinfo=UTC)),
        (
            {"day_of_week": "1-5", "minute": "*/5"},
            datetime(2031, 2, 7, 23, 55, tzinfo=UTC),
        ),  # now is a Sunday
        ({"minute": 0, "hour": 0, "day_of_month": 1, "month_of_year": 2}, datetime(2031, 2, 1, tzinfo=UTC)),
        ({"minute": 0, "hour": 0, "day_of_month": 29, "month_of_year": 2}, None),
    ],
    ids=["each minute", "monthly", "on weekdays", "yearly", "none"],
)
def test_crontab_after_a_year(fields: dict[str, Any], expected: datetime | None) -> None:
    """The newest due time is found without a walk through all the others."""
    every = CountedCrontab(**fields)
    found = list(missed(every, START, datetime(2031, 2, 9, 12, 0, 2, tzinfo=UTC)))

    assert found == ([expected] if expected else [])
    assert every.asked < 50


def test_crontab_that_was_late_by_seconds_after_a_pause() -> None:
    """At a full minute the one before it is due no more, also after days."""
    now = START + timedelta(days=3)
    assert list(missed(schedules.crontab(), START, now + timedelta(seconds=3)))[-1] == now


@pytest.mark.parametrize(
    "schedule", [schedules.schedule(60), schedules.crontab()], ids=["interval", "crontab"]
)
def test_last_run_in_the_future(schedule: Any) -> None:
    """A little is how clocks differ; more than the next due time is a clock that was wrong."""
    assert not is_ahead(schedule, START - timedelta(days=9), START)
    assert not is_ahead(schedule, START, START)
    assert not is_ahead(schedule, START + timedelta(seconds=59), START)
    assert is_ahead(schedule, START + timedelta(seconds=61), START)


def test_shortest_interval() -> None:
    """An interval that is too short is refused."""
    assert [is_too_short(schedules.schedule(seconds)) for seconds in (0, 0.01, 0.1, 1)] == [
        True,
        True,
        False,
        False,
    ]
    assert not is_too_short(schedules.crontab())
