"""Writes what became of each test, for ``tests/run.py``: one JSON object a line, into the file that TEST_OUTCOMES names."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from support import need

VARIABLE = "TEST_OUTCOMES"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Append a failure, or a skip because this machine lacks something. Passed tests are not written."""
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
    else:
        return
    with Path(path).open("a") as file:
        file.write(json.dumps(outcome) + "\n")


def _first_line(report: pytest.TestReport) -> str:
    """Return the first line of the error, as a reader of a summary wants it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash else str(report.longrepr)
    return text.strip().partition("\n")[0][:200] if text.strip() else "no message"
