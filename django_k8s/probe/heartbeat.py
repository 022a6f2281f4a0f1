"""Heartbeats: small files whose age shows that a loop still runs.

Each process that does the work of a role writes one file repeatedly, ``<STATE_DIR>/<role>/<name>.heartbeat``. The
listener on the probe port reads all of them. Times are those of CLOCK_MONOTONIC, which is the same for all processes
of a machine and never jumps.

Only light modules of the standard library are imported, because forking servers import this one.
"""

from __future__ import annotations

import contextlib
import json
import logging
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_k8s.environment import startup, state_directory
from django_k8s.environment.state_directory import DISK_ERRORS, role_directory
from django_k8s.environment.state_directory import HEARTBEAT_SUFFIX as SUFFIX

logger = logging.getLogger("django_k8s.probe")

AT_REST_SECONDS = 10.0

Record = dict[str, Any]

_NUMBERS = frozenset({"at", "threads", "busy", "since", "within", "due", "failing"})


def at_rest_seconds() -> float:
    """Return the interval at which a loop without news writes its heartbeat: at least three times before it is stale."""
    return min(AT_REST_SECONDS, startup.env().int("HEARTBEAT_STALENESS_SECONDS") / 3)


class Heartbeat:
    """The heartbeat of one loop of a role.

    ``name`` identifies the loop within the role, such as the process id of a gunicorn worker. ``directory`` is by
    default that of the role. It is created if it does not exist.
    """

    def __init__(self, role: str, name: str, directory: Path | None = None) -> None:
        self.path = (directory or role_directory(role)) / f"{name}{SUFFIX}"
        self._failing = False

    def write(self, **fields: object) -> None:
        """Write the time, this process's id and ``fields`` (by default, state is "ok").

        Readers see either the old heartbeat or the new one, never a part. After the file exists, a full disk does not
        matter. Never raise an error: the work continues, and one log line says why the probe will fail.
        """
        try:
            self._write(fields)
            self._failing = False
        except OSError as error:
            if not self._failing:
                logger.warning("The heartbeat cannot be written: %s. Is STATE_DIR writable?", error)
            self._failing = True

    def _write(self, fields: dict[str, object]) -> None:
        now = time.monotonic()
        # If a reader gets parts of two heartbeats, their first and last fields differ.
        text = json.dumps({"at": now, "pid": os.getpid(), "state": "ok", **fields, "check": now})
        try:
            state_directory.replace(self.path, text)
        except OSError as error:
            if error.errno not in DISK_ERRORS:
                raise
            # There is no room for a second file, but the first one already has its space.
            try:
                state_directory.overwrite(self.path, text)
            except OSError:
                raise error from None

    def remove(self) -> None:
        """Remove the heartbeat, because this loop ends on purpose. Never raise an error."""
        with contextlib.suppress(OSError):
            self.path.unlink()


def read(directory: Path) -> Iterator[Record]:
    """Return the heartbeats of the processes that still run, and remove the files of the others.

    A killed process leaves its file behind, and its successor writes another one. The age of the old file must not
    count against the role.
    """
    try:
        paths = sorted(directory.iterdir())
    except OSError:
        return
    now = time.monotonic()
    for path in paths:
        if path.suffix != SUFFIX:
            _remove_draft(path)
            continue
        try:
            beat = json.loads(state_directory.read(path))
            # A time in the future is from before the last boot of the machine.
            left_over = beat["at"] > now + 1 or not running(beat["pid"])
            readable = _readable(beat)
        except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
            continue
        if not readable:
            continue
        if left_over:
            with contextlib.suppress(OSError):
                path.unlink()
        else:
            yield beat


def disk_error(directory: Path) -> str:
    """Return why the disk accepts no new heartbeat at the moment, or an empty string if it accepts one.

    A process that cannot write its heartbeat is silent, but it may still work.
    """
    try:
        probe = directory / f".disk{SUFFIX}"
        state_directory.replace(probe, "x" * 512)
        probe.unlink()
    except OSError as error:
        return os.strerror(error.errno) if error.errno in DISK_ERRORS else ""
    return ""


def _remove_draft(path: Path) -> None:
    """Remove a draft whose writer was killed before it became the heartbeat."""
    pid = path.suffix.removeprefix(".")
    with contextlib.suppress(OSError, OverflowError):
        if Path(path.stem).suffix == SUFFIX and pid.isdecimal() and not running(int(pid)):
            path.unlink()


def _readable(beat: Record) -> bool:
    """Return whether no field is missing and each has the type that the judge and /metrics rely on.

    Raise TypeError or OverflowError for some that do not.
    """
    needed = {"busy", "since"} if "threads" in beat else set()
    needed |= {"since"} if beat["state"] in ("reconnecting", "blocked") else set()
    pool = beat.get("pool", {})
    if not (isinstance(beat["state"], str) and isinstance(pool, dict)):
        return False
    numbers = [beat[name] for name in needed | (_NUMBERS & beat.keys())] + list(pool.values())
    return all(map(math.isfinite, numbers)) and bool(beat.get("check", beat["at"]) == beat["at"])


def running(pid: int) -> bool:
    """Return whether a process with this id exists. A zombie does."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass  # it belongs to another user
    return True
