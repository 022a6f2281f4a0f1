"""The schedule of the settings, read without Celery's own scheduler."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celery.beat import BeatLazyFunc
from celery.schedules import crontab, maybe_schedule

from django_k8s.celery.beat.due_times import SHORTEST, is_too_short
from django_k8s.environment.sources import is_text

LONGEST_NAME = 200  # what the table of entries holds
DUE_HEADER = "beat_due"  # the due time, ISO 8601 in UTC, for the task to read
_BEAT_HEADER = "celery_beat_task"  # Celery's own mark

# The fields of an entry. Celery's own objects also have the last four.
_FIELDS = {"task", "schedule", "args", "kwargs", "options", "relative"}
_FIELDS |= {"app", "name", "last_run_at", "total_run_count"}

_NAMESPACE = uuid.UUID("8a2f4c1e-6d0b-5b7e-9f3a-2c41d7e0b6a5")


class Refused(Exception):
    """The schedule cannot be used. The text says which entry is wrong, why, and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of CELERY_BEAT_SCHEDULE: which task is sent, and when."""

    name: str
    task: str
    schedule: Any
    args: Any = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def task_id(self, app: str, due: datetime) -> str:
        """Return the task id of one due time: it is the same no matter which beat publishes it."""
        return str(uuid.uuid5(_NAMESPACE, f"{app} {self.name} {self.task} {due.isoformat()}"))

    def message(self, app: str, due: datetime) -> tuple[list[Any], dict[str, Any], dict[str, Any]]:
        """Return arguments, keyword arguments and options of the message. Raise the error of a value that cannot be computed."""
        headers = {**(self.options.get("headers") or {}), DUE_HEADER: due.isoformat(), _BEAT_HEADER: True}
        # Do not retry while publishing, because this would delay a stop. The next turn tries again.
        options = {"retry": False, **self.options, "task_id": self.task_id(app, due), "headers": headers}
        args = [_value(value) for value in self.args or ()]
        return args, {name: _value(value) for name, value in (self.kwargs or {}).items()}, options


def _value(value: Any) -> Any:
    return value() if isinstance(value, BeatLazyFunc) else value


def read(app: Any) -> tuple[dict[str, Entry], dict[str, str]]:
    """Return the entries of ``app``, and the reason for each one that cannot be used.

    Raise Refused if the table cannot store an entry, or if an interval is too short.
    """
    entries: dict[str, Entry] = {}
    broken: dict[str, str] = {}
    for name, fields in {**_defaults(app), **app.conf.beat_schedule}.items():
        _check_name(name)
        try:
            entries[name] = entry = _entry(app, name, fields)
        except (TypeError, ValueError, KeyError, AttributeError, OverflowError) as error:
            broken[name] = f"{type(error).__name__}: {error}"
            continue
        if is_too_short(entry.schedule):
            raise Refused(
                f"CELERY_BEAT_SCHEDULE: {name} would run every {entry.schedule.run_every.total_seconds():g} s."
                f" The shortest interval is {SHORTEST.total_seconds():g} s."
            )
    return entries, broken


def _check_name(name: object) -> None:
    if not isinstance(name, str):
        raise Refused(
            f"CELERY_BEAT_SCHEDULE: the name {name!r} is not text. Give the entry a name in quotes."
        )
    if len(name) > LONGEST_NAME:
        raise Refused(
            f"CELERY_BEAT_SCHEDULE: the name {name[:40]}... has {len(name)} characters."
            f" Shorten it to at most {LONGEST_NAME}."
        )
    if "\0" in name:
        raise Refused(
            f"CELERY_BEAT_SCHEDULE: the name {name!r} contains a NUL character, which no database can store. Remove it."
        )
    if not is_text(name):
        raise Refused(
            f"CELERY_BEAT_SCHEDULE: the name {name!r} contains half a character, which no database can store. Remove it."
        )


def _defaults(app: Any) -> dict[str, dict[str, Any]]:
    """Celery's own entry, which removes old results from backends that do not do so themselves."""
    if not app.conf.result_expires or app.backend.supports_autoexpire:
        return {}
    cleanup = {
        "task": "celery.backend_cleanup",
        "schedule": crontab("0", "4"),
        "options": {"expires": 12 * 3600},
    }
    return {"celery.backend_cleanup": cleanup}


def _entry(app: Any, name: str, fields: Any) -> Entry:
    fields = dict(fields)
    if unknown := sorted(fields.keys() - _FIELDS):
        raise ValueError(f"the entry has the unknown option {unknown[0]!r}")
    if not fields.get("task"):
        raise ValueError("'task' is missing")
    schedule = maybe_schedule(fields.get("schedule"), fields.get("relative", False), app=app)
    if not hasattr(schedule, "remaining_estimate"):
        raise ValueError(f"'schedule' is {schedule!r}, which is not a schedule of Celery")
    given = {key: fields[key] for key in ("args", "kwargs", "options") if fields.get(key)}
    return Entry(name, str(fields["task"]), schedule, **given)
