"""Runs the tests in phases and reports what happened: ``make test``, ``make test-oldest``, ``make test-newest``.

Each phase is one run of pytest. The tests on a cluster mostly wait, so they run beside the first phase. Tests that failed
run once more, by themselves, after all phases. A test that passes then is *flaky*: it is listed with both outcomes, and the
build passes. A test that fails again fails the build. The lists of what was flaky and of what could not be tested on this
machine are the last thing printed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from support import lines
from support.outcomes import CPU, VARIABLE
from support.record_lines import VARIABLE as RECORD_LINES

ROOT = Path(__file__).resolve().parent.parent
# More failures than these are no accident, and running them one by one would take too long.
MOST_RETRIED = 20
MOST_CPU = 20  # files that are listed
# Their subject is the same with every release of what the library needs.
OF_NO_RELEASE = (
    "adopt",
    "adoption",
    "chart",
    "cli/image",
    "compare",
    "daemon/test_django_q2.py",
    "daemon/test_other_queues.py",
    "daemon/test_rq.py",
    "environment/test_random_environments.py",
    "example/test_typed.py",
    "observability/test_hostile_text.py",
    "release",
    "test_docs.py",
    "test_documented_commands.py",
    "test_lines.py",
    "test_package.py",
    "test_patience.py",
    "test_ports.py",
    "test_promises.py",
    "test_run.py",
    "test_site.py",
    "test_snippets.py",
    "test_troubleshooting.py",
)
NO_TESTS, TESTS_FAILED = 5, 1  # exit statuses of pytest


class Phase(NamedTuple):
    """One run of pytest: a name for the reader, and what to select and how to run it."""

    name: str
    arguments: tuple[str, ...]

    @property
    def slug(self) -> str:
        """The name as part of the name of a file."""
        return self.name.replace(" ", "-")


def phases(kind: str, jobs: int) -> list[tuple[Phase, ...]]:
    """Return the phases of ``make test``, which runs everything, or of the library on other ``releases`` only.

    The phases of one tuple run at the same time.
    """
    together = ("-n", str(jobs), "--dist", "loadgroup")
    if kind == "releases":
        library = [f"--ignore=tests/{name}" for name in OF_NO_RELEASE]
        marks = "not alone and not soak and not docker and not browser and not cluster"
        # Of the runs under load, one rolling update and one recycling.
        load = "test_rolling_update and wsgi or test_recycling and wsgi-1"
        return [
            (Phase("side by side", ("-m", marks, *together, *library)),),
            (Phase("alone", ("-m", "alone and not soak", "-k", load, *library)),),
        ]
    return [
        (
            Phase("side by side", ("-m", "not alone and not cluster and not soak", *together)),
            Phase("on a cluster", ("-m", "cluster and not soak", "-n", "2", "--dist", "loadfile")),
        ),
        (Phase("alone", ("-m", "alone and not cluster and not soak")),),
    ]


class Run:
    """The outcomes of every phase, collected from the reports that pytest writes."""

    def __init__(self, folder: Path, options: Sequence[str], coverage: Path | None) -> None:
        self.folder, self.options, self.coverage = folder, options, coverage
        self.missing: dict[str, int] = {}
        self.cpu: Counter[str] = Counter()  # seconds of each file of tests
        self.seconds: list[tuple[str, float]] = []
        self.broken: list[str] = []  # phases that could not run to their end

    def stage(self, phases: Sequence[Phase], tests: Sequence[str]) -> list[dict[str, Any]]:
        """Run phases at the same time and return the tests that failed. The first prints; the others print at their end."""
        first, *others = phases
        with ThreadPoolExecutor(len(phases)) as pool:
            begun = [pool.submit(self.pytest, phase, tests, kept=True) for phase in others]
            failed = self.pytest(first, tests)
            for phase, future in zip(others, begun, strict=True):
                failed += future.result()
                print(f"\n== {phase.name}\n{self.printed(phase).read_text(errors='replace')}", flush=True)
        return failed

    def printed(self, phase: Phase) -> Path:
        """Return the file for the output of a phase that runs beside another one."""
        return self.folder / f"{phase.slug}.txt"

    def pytest(self, phase: Phase, tests: Sequence[str], kept: bool = False) -> list[dict[str, Any]]:
        """Run a phase and return the tests that failed, each with its id, stage and first line of the error.

        ``kept`` writes the output to a file instead of printing it.
        """
        if not kept:
            print(f"\n== {phase.name}", flush=True)
        outcomes = self.folder / f"{phase.slug}.jsonl"
        outcomes.unlink(missing_ok=True)
        env = {**os.environ, VARIABLE: str(outcomes)}
        if self.coverage:
            env[RECORD_LINES] = str(self.coverage)
        # -P: the working directory holds the source tree, and the installed wheel is what is tested.
        command = [sys.executable, "-P", "-m", "pytest", *self.options, *phase.arguments, *tests]
        began = time.monotonic()
        with self.printed(phase).open("w") if kept else nullcontext() as output:
            status = subprocess.run(
                command, cwd=ROOT, env=env, stdout=output, stderr=output, check=False
            ).returncode
        self.seconds.append((phase.name, time.monotonic() - began))
        if status not in (0, TESTS_FAILED, NO_TESTS):
            self.broken.append(f"{phase.name}: pytest ended with status {status}")
        lines = outcomes.read_text().splitlines() if outcomes.exists() else []
        found = [json.loads(line) for line in lines]
        for outcome in found:
            if remedy := outcome.get("missing"):
                self.missing[remedy] = self.missing.get(remedy, 0) + 1
            self.cpu[outcome["test"].partition("::")[0]] += outcome.get(CPU, 0)
        failed = {outcome["test"]: outcome for outcome in found if outcome["outcome"] == "failed"}
        if status == TESTS_FAILED and not failed:
            self.broken.append(f"{phase.name}: pytest failed without naming a test")
        return list(failed.values())

    def covered(self, percentage: int) -> bool:
        """Print the coverage of all phases together and return whether it reaches ``percentage``."""
        assert self.coverage
        data = self.coverage / "data"
        lines.write(self.coverage, data)
        command = [
            sys.executable,
            "-m",
            "coverage",
            "report",
            f"--data-file={data}",
            f"--fail-under={percentage}",
        ]
        return subprocess.run(command, cwd=ROOT, check=False).returncode == 0


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
    arguments, coverage = ["-r", "fE", *options.pytest.split()], None
    if options.coverage is not None and sys.version_info < (3, 12):
        print("Coverage is not measured: Python before 3.12 cannot do it at little cost.")
    elif options.coverage is not None:
        coverage = folder / "coverage"
        lines.prepare(coverage)
    run = Run(folder, arguments, coverage)

    failed: list[dict[str, Any]] = []
    for stage in phases("releases" if options.releases else "all", options.jobs):
        failed += run.stage(stage, options.tests)
    again: list[dict[str, Any]] = failed
    if 0 < len(failed) <= MOST_RETRIED:
        again = run.pytest(Phase("once more", ()), [outcome["test"] for outcome in failed])
    covered = coverage is None or run.covered(options.coverage)
    flaky = [outcome for outcome in failed if outcome["test"] not in {one["test"] for one in again}]
    print(summary(run, flaky, again, len(failed)), flush=True)
    (folder / "flaky.txt").write_text("".join(f"{line}\n" for line in described(flaky)))
    return 0 if covered and not again and not run.broken else 1


def summary(run: Run, flaky: list[dict[str, Any]], again: list[dict[str, Any]], failed: int) -> str:
    """Return the end of the output: durations, what could not be tested, what failed, what is flaky."""
    lines = ["", "== durations", *(f"{name}: {seconds:.0f} s" for name, seconds in run.seconds)]
    lines += ["", "== CPU time, without that of containers and of processes that others end"]
    lines += [f"{seconds:5.0f} s  {file}" for file, seconds in run.cpu.most_common(MOST_CPU)]
    lines.append(f"{run.cpu.total():5.0f} s  in all")
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
