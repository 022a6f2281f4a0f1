"""Run the test of a row with pytest, and say what came of it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from support.patience import Limit, patience

from promises.row import Row

TESTS = Path(__file__).resolve().parent.parent
SECONDS = 300  # for one test, on an idle machine
ENDING_SECONDS = 30  # for a test that took too long to end what it started

SEEN = "seen to fail"
PASSES = "STILL PASSES"
ERROR = "ERROR"
NOT_RUN = "not run"


class Outcome(NamedTuple):
    """What came of a row, and why if it is not plain."""

    verdict: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.verdict}: {self.detail}" if self.detail else self.verdict


TIME_WAS_UP = Outcome(NOT_RUN, "the time was up")


def collected(python: Path | str, tests: Iterable[str], *options: str) -> list[str]:
    """The ids that pytest finds for ``tests``, below tests/. Raise LookupError if it cannot read them."""
    files = sorted({str(TESTS / test) for test in tests})
    done = subprocess.run(
        [str(python), "-P", "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *options, *files],
        cwd=TESTS.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in (0, 5):  # 5: no test has these options
        raise LookupError(f"pytest cannot collect the tests of the rows:\n{done.stdout}{done.stderr}")
    return [line.removeprefix("tests/") for line in done.stdout.splitlines() if "::" in line]


def outcome(python: Path, row: Row, log: Path, until: float, stop: threading.Event) -> Outcome:
    """Run the test of ``row`` till ``until`` on the monotonic clock, or till ``stop`` is set."""
    report = log.with_suffix(".xml")
    report.unlink(missing_ok=True)
    # -P: the working directory holds the source tree, and the installed copy is what is broken.
    command = [
        str(python), "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--disable-warnings", f"--junit-xml={report}",
        *(["-k", " and ".join(row.case.split())] if row.case else []), f"{TESTS / row.test}",
    ]  # fmt: skip
    # What the machine lacks is skipped then, and does not look like a failure.
    env = {name: value for name, value in os.environ.items() if name != "REQUIRE_ALL"}
    limit = Limit(SECONDS)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=TESTS.parent, env=env, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip
    try:
        while process.poll() is None:
            if stop.is_set() or time.monotonic() > until:
                return TIME_WAS_UP
            if limit.over():
                return Outcome(ERROR, f"no end within {limit}")
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.2)
    finally:
        _end(process)
    return _judged(process.returncode, report)


def _judged(status: int, report: Path) -> Outcome:
    if status not in (0, 1) or not report.exists():
        return Outcome(ERROR, "no test has this id" if status in (4, 5) else f"pytest ended with {status}")
    suite = ElementTree.parse(report).getroot().find("testsuite")
    assert suite is not None
    tests, failures, errors, skipped = (
        int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")
    )
    if errors:
        return Outcome(ERROR, "the test did not begin, or could not clean up")
    if failures:
        return Outcome(SEEN)
    if skipped == tests:
        reasons = {element.attrib.get("message", "") for element in suite.iter("skipped")}
        return Outcome(NOT_RUN, "; ".join(sorted(reasons)))
    return Outcome(PASSES)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End pytest so that the test ends what it has started."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(patience(ENDING_SECONDS))
    if process.poll() is None:
        process.kill()
        process.wait()
