"""Read the end of a container's log, as lines for people."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from django_k8s.environment.masking import mask

_LINES = 15
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_MIGRATION = re.compile(r"(?:CommandError: )?(?P<text>(?:Migration \S+|migrate) failed: .*)")
_EXCEPTION = re.compile(
    r"[A-Za-z_][\w.]*(?:Error|Exception|Exit|Interrupt|Warning|Configured|NotFound|DoesNotExist)\b"
)


def lines_of(text: str) -> list[str]:
    """Return the lines of a log with secrets masked. A line of JSON becomes its message and traceback."""
    found: list[str] = []
    for line in text.splitlines():
        found += [mask(part) for part in _readable(line)]
    return [line for line in found if line.strip()]


def last(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the last lines, at most 15."""
    return tuple(lines[-_LINES:])


def _readable(line: str) -> list[str]:
    if not line.startswith("{"):
        return [line.rstrip()]
    try:
        record = json.loads(line)
    except ValueError:
        return [line.rstrip()]
    message = str(record.get("message", line)).splitlines()
    exception = record.get("exception")
    if isinstance(exception, dict):
        message += str(exception.get("traceback") or exception.get("message") or "").splitlines()
    return message


def configuration(lines: Sequence[str]) -> str:
    """Return the problems in a message about a wrong configuration, in one line, or an empty string."""
    start = next(
        (number for number, line in enumerate(lines) if line.startswith("The configuration has ")), None
    )
    if start is None:
        return ""
    problems = []
    for line in lines[start + 1 :]:
        if not line.startswith("  "):
            break
        problems.append(line.strip())
    return " ".join(problems)


def migration(lines: Sequence[str]) -> str:
    """Return which migration failed, why, and where in the project, or an empty string."""
    for number, line in enumerate(lines):
        if found := _MIGRATION.match(line):
            place = _place(lines[number:])
            text = found["text"].rstrip(".")
            return f"{text} ({place})" if place else text
    return ""


def reason(lines: Sequence[str]) -> str:
    """Return the line with the reason for the end of a process: the last exception, or else the last line."""
    for line in reversed(lines):
        if _EXCEPTION.match(line.strip()):
            place = _place(lines)
            said = line.strip().rstrip(".")
            return f"{said} ({place})" if place else said
    return lines[-1].strip().rstrip(".") if lines else ""


def page(lines: Sequence[str]) -> str:
    """Return why READINESS_PAGE or other health checks fail, or an empty string if they pass again."""
    failing: dict[str, str] = {}
    for line in lines:
        if found := re.search(r"health check (\S+) fails: (.*)", line):
            failing[found[1]] = found[2]
        elif found := re.search(r"health check (\S+) passes again", line):
            failing.pop(found[1], None)
    if "page" in failing:
        return f"the readiness page fails: {failing['page']}"
    return "; ".join(f"the health check {name} fails: {why}" for name, why in failing.items())


def _place(lines: Sequence[str]) -> str:
    """Return the last place of a traceback that is in the project, which is in /app of the image."""
    found = [match for line in lines if (match := _FRAME.match(line)) and match["file"].startswith("/app/")]
    return f"{found[-1]['file'].removeprefix('/app/')}, line {found[-1]['line']}" if found else ""
