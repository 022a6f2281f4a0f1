"""The table of beat entries, which has the last published due time of each entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from django.db import connections, router, transaction


class Changed(Exception):
    """Another beat has published this due time. Read the table again."""


def due_times() -> dict[str, datetime]:
    """Return the last published due time of each entry in the table."""
    return dict(_rows().values_list("name", "due"))


def add(names: Iterable[str], now: datetime) -> None:
    """Add entries that start now. Skip those that exist."""
    rows = _rows()
    rows.bulk_create([rows.model(name=name, due=now) for name in names], ignore_conflicts=True)


def remove(names: Iterable[str]) -> None:
    """Remove entries that the schedule no longer has."""
    _rows().filter(name__in=list(names)).delete()


def reset(name: str, last: datetime, now: datetime) -> None:
    """Let an entry continue from now. Do nothing if its last due time is no longer ``last``."""
    _rows().filter(name=name, due=last).update(due=now)


@contextmanager
def published(name: str, last: datetime, due: datetime) -> Iterator[None]:
    """Record a due time, run the block that publishes it, and commit the record.

    A read-only database fails before anything is published, and two beats wait for each other at the row. Raise Changed
    if the last due time is no longer ``last``.
    """
    model, database = _place()
    with transaction.atomic(using=database):
        if not _note(model, database, name, last, due):
            raise Changed
        yield


def _note(model: Any, database: str, name: str, last: datetime, due: datetime) -> bool:
    """Record a due time. Return False if the last one is no longer ``last``.

    The SQL is written by hand, because Django would take longer to build it than the database to run it.
    """
    connection = connections[database]
    quote, get = connection.ops.quote_name, model._meta.get_field
    columns = {field: quote(get(field).column) for field in ("name", "due", "published_at")}
    statement = "UPDATE {} SET {due} = %s, {published_at} = %s WHERE {name} = %s AND {due} = %s"
    values = ("due", due), ("published_at", datetime.now(UTC)), ("name", name), ("due", last)
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(quote(model._meta.db_table), **columns),
            [get(field).get_db_prep_value(value, connection) for field, value in values],
        )
        return bool(cursor.rowcount)


def _rows() -> Any:
    model, database = _place()
    return model.objects.using(database)


def _place() -> tuple[Any, str]:
    from django_k8s.models import BeatEntry  # only once Django is set up

    return BeatEntry, router.db_for_write(BeatEntry)
