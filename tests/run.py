"""Runs the tests in phases and reports what happened: ``make test``, ``make test-oldest``, ``make test-newest``.

Each phase is one run of pytest. Tests that failed run once more, by themselves, after all phases. A test that passes then
is *flaky*: it is listed with both outcomes, and the build passes. A test that fails again fails the build. The lists of
what was flaky and of what could not be tested on this machine are the last thing printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from support.outcomes import VARIABLE

ROOT = Path(__file__).resolve().parent.parent
# More failures than these are no accident, and running them one by one would take too long.
MOST_RETRIED = 20
NO_TESTS, TESTS_FAILED = 5, 1  # exit statuses of pytest


class Phase(NamedTuple):
    """One run of pytest: a name for the reader, and what to select and how to run it."""

    name: str
    arguments: tuple[str, ...]


def phases(kind: str, jobs: int) -> list[Phase]:
    """Return the phases of ``make test``, which runs everything, or of the library on other ``releases`` only."""
    together = ("-n", str(jobs), "--dist", "loadgroup")
    if kind == "releases":
        library = ("--ignore", "tests/chart", "--ignore", "tests/test_promises.py")
        marks = "not alone and not soak and not docker and not browser and not cluster"
        # Of the runs under load, one rolling update and one recycling.
        load = "test_rolling_update and wsgi or test_recycling and wsgi-1"
        return [
            Phase("side by side", ("-m", marks, *together, *library)),
            Phase("alone", ("-m", "alone and not soak", "-k", load, *library)),
        ]
    return [
        Phase("side by side", ("-m", "not alone and not cluster and not soak", *together)),
        Phase("alone", ("-m", "alone and not cluster and not soak")),
        Phase("on a cluster", ("-m", "cluster and not soak")),
    ]


class Run:
    """The outcomes of every phase, collected from the reports that pytest writes."""

    def __init__(self, folder: Path, options: Sequence[str], env: dict[str, str]) -> None:
        self.folder, self.options, self.env = folder, options, env
        self.missing: dict[str, int] = {}
        self.seconds: list[tuple[str, float]] = []
        self.broken: list[str] = []  # phases that could not run to their end

    def pytest(self, phase: Phase, tests: Sequence[str]) -> list[dict[str, Any]]:
        """Run a phase and return the tests that failed, each with its id, stage and first line of the error."""
        print(f"\n== {phase.name}", flush=True)
        outcomes = self.folder / f"{phase.name.replace(' ', '-')}.jsonl"
        outcomes.unlink(missing_ok=True)
        # -P: the working directory holds the source tree, and the installed wheel is what is tested.
        command = [sys.executable, "-P", "-m", "pytest", *self.options, *phase.arguments, *tests]
        began = time.monotonic()
        status = subprocess.run(
            command, cwd=ROOT, env={**self.env, VARIABLE: str(outcomes)}, check=False
        ).returncode
        self.seconds.append((phase.name, time.monotonic() - began))
        if status not in (0, TESTS_FAILED, NO_TESTS):
            self.broken.append(f"{phase.name}: pytest ended with status {status}")
        lines = outcomes.read_text().splitlines() if outcomes.exists() else []
        found = [json.loads(line) for line in lines]
        for outcome in found:
            if remedy := outcome.get("missing"):
                self.missing[remedy] = self.missing.get(remedy, 0) + 1
        failed = {outcome["test"]: outcome for outcome in found if outcome["outcome"] == "failed"}
        if status == TESTS_FAILED and not failed:
            self.broken.append(f"{phase.name}: pytest failed without naming a test")
        return list(failed.values())


def main() -> int:
    """Run the phases, retry, and report. Return 0 if every test passed, at the second attempt at the latest."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("tests", nargs="*", default=["tests"], help="files, directories or ids of tests")
    parser.add_argument(
        "--releases",
        action="store_true",
        help="the phases of test-oldest and test-newest: the library's own tests",
    )
    parser.add_argument("--jobs", type=int, default=4, help="tests side by side (default: 4)")
    parser.add_argument("--coverage", type=int, help="fail if the tests cover less than this percentage")
    parser.add_argument("--pytest", default="", help="further options for pytest")
    parser.add_argument(
        "--outcomes", type=Path, default=ROOT / "build" / "outcomes", help="directory for the outcomes"
    )
    options = parser.parse_args()

    folder: Path = options.outcomes
    folder.mkdir(parents=True, exist_ok=True)
    arguments, env = ["-r", "fE", *options.pytest.split()], dict(os.environ)
    if options.coverage is not None:
        data = ROOT / "build" / "coverage"
        data.mkdir(exist_ok=True)
        for old in data.iterdir():
            old.unlink()
        env["COVERAGE_FILE"] = str(data / "data")
        arguments += ["--cov", "--cov-append", "--cov-report="]
    run = Run(folder, arguments, env)

    failed: list[dict[str, Any]] = []
    for phase in phases("releases" if options.releases else "all", options.jobs):
        failed += run.pytest(phase, options.tests)
    again: list[dict[str, Any]] = failed
    if 0 < len(failed) <= MOST_RETRIED:
        again = run.pytest(Phase("once more", ()), [outcome["test"] for outcome in failed])
    covered = 0
    if options.coverage is not None:
        report = [sys.executable, "-m", "coverage", "report", f"--fail-under={options.coverage}"]
        covered = subprocess.run(report, cwd=ROOT, env=env, check=False).returncode
    flaky = [outcome for outcome in failed if outcome["test"] not in {one["test"] for one in again}]
    print(summary(run, flaky, again, len(failed)), flush=True)
    (folder / "flaky.txt").write_text("".join(f"{line}\n" for line in described(flaky)))
    return 1 if again or run.broken or covered else 0


def summary(run: Run, flaky: list[dict[str, Any]], again: list[dict[str, Any]], failed: int) -> str:
    """Return the end of the output: durations, what could not be tested, what failed, what is flaky."""
    lines = ["", "== durations", *(f"{name}: {seconds:.0f} s" for name, seconds in run.seconds)]
    if run.missing:
        lines += ["", "== not tested on this machine"]
        lines += [f"{remedy} ({count} tests)" for remedy, count in sorted(run.missing.items())]
    if run.broken or again:
        lines += ["", "== failed", *run.broken]
        if failed > MOST_RETRIED:
            lines.append(f"{failed} tests failed; no more than {MOST_RETRIED} are run once more.")
        lines += [f"{one['test']} ({one['stage']}): {one['error']}" for one in again]
    lines += ["", "== flaky", *(described(flaky) or ["none"])]
    return "\n".join(lines)


def described(flaky: list[dict[str, Any]]) -> list[str]:
    """Return one line for each flaky test: its first outcome and its second."""
    return [
        f"{one['test']}: failed at first ({one['stage']}: {one['error']}), passed by itself" for one in flaky
    ]


if __name__ == "__main__":
    sys.exit(main())
