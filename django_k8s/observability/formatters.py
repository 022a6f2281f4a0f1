"""Format a log record as one line: JSON for machines, text for people.

This uses only the standard library, because the probe listener uses it too. A library for JSON lines would replace
little of it. Masking, the ids, and what Django and Celery add to records would remain.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django_k8s.environment.env import Env
from django_k8s.environment.masking import mask, mask_name
from django_k8s.environment.process_labels import process_labels
from django_k8s.observability import tracing
from django_k8s.observability.context import current

# The attributes of every record. All others come from ``extra=``.
_USUAL = frozenset({*logging.makeLogRecord({}).__dict__, "message", "asctime", "taskName"})
# Objects that libraries add to records for their own formatters, and names that a line already has.
_OBJECTS = frozenset({"request", "data", "time", "level", "logger", "exception"})
_KNOWN = _USUAL | _OBJECTS
_DEEPEST = 4
_encode = json.JSONEncoder(ensure_ascii=False).encode
# Characters that end a line, control a terminal, change the direction of the text or cannot be encoded.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def formatter(env: Env) -> logging.Formatter:
    """Return the formatter for LOG_FORMAT."""
    return JsonFormatter(process_labels(env)) if env.str("LOG_FORMAT") == "json" else TextFormatter()


class JsonFormatter(logging.Formatter):
    """Format each record as one JSON object, with secrets masked.

    Each line has ``fields``, and time (ISO 8601, UTC), level, logger, message and process. If they exist, it also has the
    ids of request, task, trace and span, the values of ``extra=``, and ``exception`` with type, message and traceback.
    """

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        super().__init__()
        self._fields = dict(fields or {})

    def format(self, record: logging.LogRecord) -> str:
        """Return ``record`` as a line, without a line end."""
        more = {**current(), **tracing.ids(), **_extra(record)}
        if record.exc_info and record.exc_info[0]:
            more["exception"] = _exception(record.exc_info)
        elif record.stack_info:
            more["exception"] = {"traceback": mask(record.stack_info)}
        return self.line(record.created, record.levelname, record.name, mask(_message(record)), more)

    def line(self, created: float, level: str, logger: str, message: str, more: Mapping[str, Any]) -> str:
        """Return a line from its parts, which must already be masked. It is faster than a log record."""
        return _encode(
            {
                "time": f"{_second(int(created))}.{int(created % 1 * 1000):03d}+00:00",
                "level": level,
                "logger": logger,
                "message": message,
                **self._fields,
                "process": os.getpid(),
                **more,
            }
        )


class TextFormatter(logging.Formatter):
    """Format each record as a line for people, in colour on a terminal. The ids of request and task are at its end.

    Lines cannot be forged. Control characters in the message, including line ends, are escaped, and lines below it, such
    as a traceback, are indented.
    """

    _COLOURS = {"WARNING": "33", "ERROR": "31", "CRITICAL": "1;31", "DEBUG": "2"}

    def __init__(self) -> None:
        super().__init__()
        self._colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def format(self, record: logging.LogRecord) -> str:
        """Return ``record`` as text, with secrets masked."""
        ids = " ".join(f"{name}={value}" for name, value in current().items())
        message = _message(record).rstrip("\r\n") + (f" [{ids}]" if ids else "")
        line = escape(mask(f"{self.formatTime(record)} {record.levelname} {record.name} {message}"))
        if self._colour and (code := self._COLOURS.get(record.levelname)):
            line = f"\x1b[{code}m{line}\x1b[0m"
        more = []
        if record.exc_info and record.exc_info[0]:
            more.append("".join(traceback.format_exception(*record.exc_info)))
        elif record.exc_text:  # from another process
            more.append(record.exc_text)
        if record.stack_info:
            more.append(record.stack_info)
        # Not splitlines(), which also splits at characters that do not end a line in a log.
        below = [f"  {escape(text)}" for part in more for text in mask(part).rstrip("\n").split("\n")]
        return "\n".join([line, *below])


def escape(text: str) -> str:
    """Return ``text`` on one line, with control characters other than tabs escaped as in Python, such as ``\\n``."""
    if not _CONTROL.search(text):
        return text
    return _CONTROL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


@lru_cache(maxsize=4)
def _second(since_1970: int) -> str:
    return datetime.fromtimestamp(since_1970, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # a call with the wrong arguments must not lose the line
        return f"{record.msg} {record.args}"


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    given = record.__dict__
    extra: dict[str, Any] = {}
    if not _KNOWN.issuperset(given):
        extra = {mask_name(name): _plain(given[name]) for name in given.keys() - _KNOWN}
    request: Any = given.get("request")
    data: Any = given.get("data")
    if hasattr(request, "path") and hasattr(request, "method"):  # Django's
        extra |= {"method": request.method, "path": mask(request.path)}
    if isinstance(data, Mapping) and isinstance(data.get("id"), str):  # Celery's, of the task
        extra |= {"task_id": data["id"], "task": str(data.get("name", ""))}
    return extra


def _plain(value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | int | float):
        # JSON has neither infinity nor not-a-number.
        return value if value == value and value not in (float("inf"), float("-inf")) else str(value)
    if isinstance(value, str):
        return mask(value)
    if depth < _DEEPEST and isinstance(value, Mapping):
        return {mask_name(str(name)): _plain(item, depth + 1) for name, item in value.items()}
    if depth < _DEEPEST and isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, depth + 1) for item in value]
    return mask(str(value))


def _exception(info: Any) -> dict[str, str]:
    kind, error, trace = info
    return {
        "type": kind.__qualname__
        if kind.__module__ == "builtins"
        else f"{kind.__module__}.{kind.__qualname__}",
        "message": mask(str(error)),
        "traceback": mask("".join(traceback.format_exception(kind, error, trace))),
    }
