"""The request and the task for which the code runs. Their ids are in every log line."""

from __future__ import annotations

import os
import re
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
task_id: ContextVar[str] = ContextVar("task_id", default="")
task_name: ContextVar[str] = ContextVar("task_name", default="")

_GOOD = re.compile(r"[A-Za-z0-9._:=+/@-]{1,128}")


def safe_id(given: str | None) -> str:
    """Return ``given`` if it is a valid id, or a new id.

    An id has up to 128 letters, digits and ``. _ : = + / @ -``. It may come from outside and appears in logs and headers,
    so no other characters are accepted.
    """
    return given if given and _GOOD.fullmatch(given) else os.urandom(16).hex()


def current() -> dict[str, str]:
    """Return the ids that are set, by their names in a log line."""
    found = {}
    if request := request_id.get():
        found["request_id"] = request
    if task := task_id.get():
        found["task_id"] = task
    if name := task_name.get():
        found["task"] = name
    return found
