"""What the tests ran is known of every process, however it ends."""

from __future__ import annotations

import sys
from collections.abc import Collection
from pathlib import Path

import pytest
from coverage import CoverageData
from support import lines
from support.process import environment, started, wait_until
from support.record_lines import VARIABLE

pytestmark = pytest.mark.skipif(sys.version_info < (3, 12), reason="Python before 3.12 records nothing")

FORKED = """
import os, time
from django_k8s.environment import exit_codes
if os.fork() == 0:
    from django_k8s.environment import grace_period
    print("forked", flush=True)
time.sleep(60)
"""


def ran(folder: Path, module: str) -> Collection[int]:
    """Return the numbers of the lines of a module that ran."""
    data = folder / "data"
    lines.write(folder, data)
    read = CoverageData(str(data))
    read.read()
    return read.lines(str(lines.ROOT / lines.PACKAGE / module)) or ()


def test_processes_that_are_killed(tmp_path: Path) -> None:
    """A process and its fork end by SIGKILL: the lines of both are known, and no others."""
    folder = tmp_path / "recorded"
    lines.prepare(folder)
    env = environment(**{VARIABLE: str(folder)})
    with started([sys.executable, "-c", FORKED], env, tmp_path, tmp_path / "log") as process:
        wait_until(lambda: "forked" in process.output, 20, "the fork")

    assert ran(folder, "environment/exit_codes.py")
    assert ran(folder, "environment/grace_period.py")
    assert not ran(folder, "environment/shell_exports.py")


def test_a_process_that_may_not_write(tmp_path: Path) -> None:
    """It runs, and nothing is known of it."""
    env = environment(**{VARIABLE: str(tmp_path / "missing")})
    with started([sys.executable, "-c", "print('runs')"], env, tmp_path, tmp_path / "log") as process:
        wait_until(lambda: not process.running(), 20, "the end")

    assert process.output == "runs\n"
