"""What the board shows: roles, services, notes and runs, read without ever failing."""

import logging
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from board import services
from board.forms import FORMATS
from board.models import Note, TaskRun

logger = logging.getLogger(__name__)
SLOTS = 30  # ticks on the strip
NOTES, RUNS = 9, 6
TICK = "board.tasks.tick"


@dataclass
class Role:
    """One of the processes: whether it is alive, and how that is known."""

    name: str
    duty: str
    state: str = "unknown"  # ok, late or unknown
    word: str = "Unknown"
    seen: datetime | None = None
    sign: str = ""
    host: str = ""
    remedy: str = ""


def board_state() -> dict[str, Any]:
    """Everything that the page shows. A dead database leaves notes and runs empty and says so."""
    now = timezone.now()
    found = services.look()
    notes, total, ticks, runs = [], 0, [], []
    readable = found[0].ok  # what hangs is not asked again
    try:
        if readable:
            notes = list(Note.objects.all()[:NOTES])
            total = Note.objects.count()
            ticks = list(TaskRun.objects.filter(name=TICK)[: SLOTS + 1])
            runs = list(TaskRun.objects.exclude(name=TICK)[:RUNS])
    except DatabaseError:
        logger.exception("The board cannot read the database")
        readable = False
    roles = [_web()]
    if settings.WITH_CELERY:
        roles += [_worker(now, ticks, runs), _beat(now, ticks)]
    strip = _strip(now, ticks)
    return {
        "facts": {
            "Release": settings.DJANGO_K8S.release or "working tree",
            "Environment": settings.DJANGO_K8S.environment,
            "Role": settings.DJANGO_K8S.role or "web",
            "Host": socket.gethostname(),
        },
        "celery": settings.WITH_CELERY,
        "roles": roles,
        "services": found,
        "verdict": _verdict(roles, found),
        "notes": notes,
        "total": total,
        "accept": ",".join(FORMATS.values()),
        "limit": settings.UPLOAD_LIMIT_MB,
        "runs": runs,
        "ticks": ticks[:RUNS],
        "interval": settings.TICK_SECONDS,
        "strip": strip,
        "ticked": strip.count("on"),
        "readable": readable,
    }


def _patience() -> timedelta:
    """How long worker and beat may be silent: four ticks, and at least the time of a restart."""
    return timedelta(seconds=max(4 * settings.TICK_SECONDS, 20))


def _web() -> Role:
    return Role("web", "answers you, keeps the notes", "ok", "Alive", sign="It answered just now.")


def _worker(now: datetime, ticks: list[TaskRun], runs: list[TaskRun]) -> Role:
    last = max([*ticks[:1], *runs[:1]], key=lambda run: run.started, default=None)
    remedy = "Look at the worker, then at the broker."
    return _judged(Role("worker", "makes thumbnails, runs the ticks"), now, last, "Last task", remedy)


def _beat(now: datetime, ticks: list[TaskRun]) -> Role:
    remedy = "Look at the log of beat, and whether the worker is alive."
    role = Role("beat", f"sends a tick every {settings.TICK_SECONDS:g} s")
    return _judged(role, now, ticks[0] if ticks else None, "Last tick", remedy)


def _judged(role: Role, now: datetime, last: TaskRun | None, sign: str, remedy: str) -> Role:
    if last is None:
        role.word, role.sign = "Not seen yet", "It has not run anything yet."
        return role
    role.seen, role.sign, role.host = last.started, sign, last.host
    if now - last.started <= _patience():
        role.state, role.word = "ok", "Alive"
    else:
        role.state, role.word, role.remedy = "late", "Silent", remedy
    return role


def _strip(now: datetime, ticks: list[TaskRun]) -> list[str]:
    """The last due times, oldest first: "on" where a tick ran, "off" where one is missing, "before" all ticks."""
    strip: list[str] = []
    later = now
    for tick in ticks:
        due = round((later - tick.started) / timedelta(seconds=settings.TICK_SECONDS))
        strip += ["off"] * min(due - 1, SLOTS) + ["on"]
        later = tick.started
    strip += ["before"] * SLOTS
    return strip[:SLOTS][::-1]


def _verdict(roles: list[Role], found: list[services.Service]) -> dict[str, str]:
    """The one sentence at the top: the worst that is to be said."""
    dead = [f"the {service.name}" for service in found if not service.ok]
    silent = [role.name for role in roles if role.state == "late"]
    new = [role.name for role in roles if role.state == "unknown"]
    if dead:
        return {"state": "down", "text": f"{_listed(dead)} {'does' if len(dead) == 1 else 'do'} not answer"}
    if silent:
        return {
            "state": "late",
            "text": f"{_listed(silent)} {'has' if len(silent) == 1 else 'have'} gone silent",
        }
    if new:
        return {"state": "unknown", "text": f"Waiting for {' and '.join(new)}"}
    return {"state": "ok", "text": "Everything is working"}


def _listed(names: list[str]) -> str:
    """The names as the beginning of a sentence."""
    text = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    return text[:1].upper() + text[1:]
