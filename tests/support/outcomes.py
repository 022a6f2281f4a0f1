"""Writes what became of each test, for ``tests/run.py``: one JSON object a line, into the file that TEST_OUTCOMES names."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from support import need

VARIABLE = "TEST_OUTCOMES"
CPU, WALL = "cpu_seconds", "wall_seconds"
_began = pytest.StashKey[tuple[float, float]]()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Remember the time until here."""
    item.stash[_began] = _now()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note the time of a test at its end. CPU: of this process, and of the processes it started that have ended."""
    report = yield
    if call.when == "teardown":
        began, ended = item.stash.get(_began, _now()), _now()
        for name, before, after in zip((CPU, WALL), began, ended, strict=True):
            report.user_properties.append((name, round(after - before, 2)))
    return report


def _now() -> tuple[float, float]:
    """Return the CPU time and the time of the clock, in seconds."""
    return sum(os.times()[:4]), time.monotonic()


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Append a failure, a skip because this machine lacks something, and the time of each test."""
    path = os.environ.get(VARIABLE)
    # Workers of pytest-xdist send their reports to the controller, which is the one that writes.
    if not path or "PYTEST_XDIST_WORKER" in os.environ:
        return
    # pytest-xdist adds "@GROUP" to the ids of tests in a group, which pytest itself does not know.
    test = re.sub(r"@[\w-]+$", "", report.nodeid)
    outcome: dict[str, Any] = {"test": test, "stage": report.when, "outcome": report.outcome}
    if report.failed:
        outcome["error"] = _first_line(report)
    elif report.skipped and isinstance(report.longrepr, tuple):
        outcome["missing"] = need.remedy(report.longrepr[2])
    elif report.when == "teardown":
        properties = dict(report.user_properties)
        outcome.update({name: properties.get(name, 0.0) for name in (CPU, WALL)})
    else:
        return
    with Path(path).open("a") as file:
        file.write(json.dumps(outcome) + "\n")


def _first_line(report: pytest.TestReport) -> str:
    """Return the first line of the error, as a reader of a summary wants it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return text.strip().partition("\n")[0][:200] if text.strip() else "no message"
