"""What is due next, as a heap, so that the time of a turn depends only on the entries that are due."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import datetime, timedelta

from django_k8s.celery.beat.due_times import next_due
from django_k8s.celery.beat.schedule import Entry

AGAIN = timedelta(seconds=1)  # until an entry that was not published is tried again
RECHECK = timedelta(seconds=60)  # until an entry whose schedule fails is asked again


class Plan:
    """The last and the next due time of each entry."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries
        self.last: dict[str, datetime] = {}  # the last due time that was published, as in the table
        self.broken: dict[str, str] = {}  # entries whose schedule failed, and how
        self._due: dict[str, datetime] = {}  # the next one
        self._turn: dict[str, datetime] = {}  # when the entry is tried next, which is later after a failure
        self.late: set[str] = set()  # entries that are tried later than they are due
        self._heap: list[tuple[datetime, str]] = []

    def set(self, name: str, last: datetime, now: datetime) -> None:
        """Note that ``last`` was published.

        A schedule that fails does not stop others. It is asked again in a minute.
        """
        self.last[name] = last
        self.late.discard(name)
        try:
            self._due[name] = due = next_due(self._entries[name].schedule, last)
            self.broken.pop(name, None)
        except Exception as error:  # the schedule may be the project's own class
            self.broken[name] = f"{type(error).__name__}: {error}"
            self._due.pop(name, None)
            due = now + RECHECK
        self._push(name, due)

    def postpone(self, name: str, now: datetime) -> None:
        """Try an entry again a little later. Its due time stays the same."""
        self.late.add(name)
        self._push(name, now + AGAIN)

    def remove(self, name: str) -> None:
        """Forget an entry."""
        for known in (self.last, self._due, self._turn, self.broken):
            known.pop(name, None)
        self.late.discard(name)

    def up(self, now: datetime) -> str | None:
        """Return the entry that is next, if its time is not after ``now``."""
        self._clean()
        return self._heap[0][1] if self._heap and self._heap[0][0] <= now else None

    def next_turn(self) -> datetime | None:
        """Return when the next entry is tried."""
        self._clean()
        return self._heap[0][0] if self._heap else None

    def soonest(self) -> datetime | None:
        """Return the first due time that is not published. It may be in the past."""
        self._clean()
        first = [self._due[name] for _, name in self._heap[:1] if name in self._due]
        return min([*first, *(self._due[name] for name in self.late if name in self._due)], default=None)

    def _push(self, name: str, turn: datetime) -> None:
        self._turn[name] = turn
        heapq.heappush(self._heap, (turn, name))

    def _clean(self) -> None:
        """Drop items that a later turn has replaced."""
        while self._heap and self._turn.get(self._heap[0][1]) != self._heap[0][0]:
            heapq.heappop(self._heap)
