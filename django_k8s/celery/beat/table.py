"""The table of beat entries: which due time of each entry was published last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import router, transaction


class Changed(Exception):
    """Another beat has published this due time: read the table again."""


def due_times() -> dict[str, datetime]:
    """Return the last published due time of each entry that the table knows."""
    return dict(_rows().values_list("name", "due"))


def add(names: Iterable[str], now: datetime) -> None:
    """Add entries that begin now, unless they are there."""
    rows = _rows()
    rows.bulk_create([rows.model(name=name, due=now) for name in names], ignore_conflicts=True)


def remove(names: Iterable[str]) -> None:
    """Remove entries that the schedule no longer has."""
    _rows().filter(name__in=list(names)).delete()


def reset(name: str, last: datetime, now: datetime) -> None:
    """Let an entry go on from now."""
    _rows().filter(name=name, due=last).update(due=now)


@contextmanager
def published(name: str, last: datetime, due: datetime) -> Iterator[None]:
    """Publish a due time in the block, between its note and the commit of that note.

    A database that takes no writes says so before anything is published, and two beats wait for each other at the
    row. Raise Changed if the last due time is no longer ``last``.
    """
    rows = _rows()
    with transaction.atomic(using=rows.db):
        if not rows.filter(name=name, due=last).update(due=due, published_at=datetime.now(UTC)):
            raise Changed
        yield


def _rows() -> Any:
    from django_k8s.models import BeatEntry  # only once Django is set up

    return BeatEntry.objects.using(router.db_for_write(BeatEntry))
