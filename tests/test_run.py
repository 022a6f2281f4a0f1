"""A run of the tests: what is flaky is listed and passes, what is broken fails."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from support.process import environment

ROOT = Path(__file__).resolve().parent.parent
CASES = "tests/retries"


def run(folder: Path, *cases: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "tests/run.py", "--jobs", "1", "--outcomes", str(folder), *(f"{CASES}/{case}.py" for case in cases)],
        env=environment(RETRIES=str(folder)), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_flaky(tmp_path: Path) -> None:
    """A test that fails at first and passes by itself is the last thing that is listed, with both outcomes."""
    done = run(tmp_path, "flaky")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-2:] == [
        "== flaky",
        f"{CASES}/flaky.py::test_fails_at_first: failed at first (call: Failed: not yet), passed by itself",
    ]
    assert "== not tested on this machine\na lathe: install lathe (1 tests)\n" in done.stdout
    assert "== failed" not in done.stdout
    cpu = re.search(rf"([\d.]+) s  {CASES}/flaky.py", done.stdout)
    assert cpu
    assert float(cpu[1]) >= 1, "the CPU time of a child counts"


def test_broken(tmp_path: Path) -> None:
    """A test that fails twice fails the run, whatever else was flaky."""
    done = run(tmp_path, "flaky", "broken")

    assert done.returncode == 1, done.stdout + done.stderr
    assert f"== failed\n{CASES}/broken.py::test_fails_always (call): assert (1 + 1) == 3\n" in done.stdout
    assert "flaky.py::test_fails_at_first: failed at first" in done.stdout


def test_not_to_its_end(tmp_path: Path) -> None:
    """A phase that cannot run, as when a file cannot be imported, fails the run."""
    done = run(tmp_path, "missing")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "alone: pytest ended with status 4" in done.stdout
