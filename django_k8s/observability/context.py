"""What the running code works for: the request and the task whose ids every log line carries."""

from __future__ import annotations

import os
import re
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="")
task_id: ContextVar[str] = ContextVar("task_id", default="")
task_name: ContextVar[str] = ContextVar("task_name", default="")

_GOOD = re.compile(r"[A-Za-z0-9._:=+/@-]{1,128}")


def safe_id(given: str | None) -> str:
    """``given`` if it may be an id: up to 128 letters, digits and ``. _ : = + / @ -``; else a new one.

    Whatever comes from outside ends up in logs and headers, so nothing else is let in.
    """
    return given if given and _GOOD.fullmatch(given) else os.urandom(16).hex()


def current() -> dict[str, str]:
    """The ids that are known, by the names that they have in a log line."""
    found = {}
    if request := request_id.get():
        found["request_id"] = request
    if task := task_id.get():
        found["task_id"] = task
    if name := task_name.get():
        found["task"] = name
    return found
