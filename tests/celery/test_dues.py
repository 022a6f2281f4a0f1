"""Due times: on the schedule's grid, none left out, and those that are too late become one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from celery import schedules

from django_k8s.celery.dues import following, missed

START = datetime(2030, 1, 31, 12, 0, tzinfo=UTC)


def seconds(dues: list[datetime]) -> list[float]:
    return [(due - START).total_seconds() for due in dues]


@pytest.mark.parametrize(
    ("interval", "late", "expected"),
    [
        (5, 0, []),
        (5, 4.9, []),
        (5, 5, [5]),
        (5, 12, [10]),  # 5 is late by more than its interval: it and 10 become one
        (2, 5.5, [2, 4]),  # up to five seconds late is in time
        (2, 9, [4, 6, 8]),
        (2, 3600, [3596, 3598, 3600]),
        (3600, 7300, [7200]),
        (0.5, 3, [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]),
    ],
)
def test_interval(interval: float, late: float, expected: list[float]) -> None:
    """Everything that is late by no more than the larger of the interval and five seconds."""
    found = seconds(list(missed(schedules.schedule(interval), START, START + timedelta(seconds=late))))

    assert found == expected


def test_crontab() -> None:
    """A crontab keeps to its minutes, and after a day's pause runs once."""
    every = schedules.crontab(minute="*/15")
    assert following(every, START) == START + timedelta(minutes=15)
    assert seconds(list(missed(every, START, START + timedelta(minutes=16)))) == [900]
    late = list(missed(schedules.crontab(minute=0, hour=3), START, START + timedelta(days=3)))
    assert late == [datetime(2030, 2, 3, 3, 0, tzinfo=UTC)]


def test_nothing_is_left_out_in_small_steps() -> None:
    """However often it is asked, each due time comes once."""
    last, found = START, []
    for step in range(1, 400):
        for due in missed(schedules.schedule(2), last, START + timedelta(seconds=0.3 * step)):
            found.append(due)
            last = due
    assert seconds(found) == [2.0 * number for number in range(1, 60)]
