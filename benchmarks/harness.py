"""Two contenders, one run: shuffled rounds of CPU time, a ratio for each round, one bar.

The figure of merit is user plus system time, which other work on the machine disturbs least. The result is the median
of the rounds' ratios, and their spread tells how far to trust it; an absolute time never is.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SEED = int(os.environ.get("BENCH_SEED", time.time_ns() % 1_000_000))


class Failed(Exception):
    """A contender could not be measured; the text says why."""


@dataclass(frozen=True)
class Contender:
    """A program. Its cost is what it prints last as JSON {"seconds": s}, else its whole CPU time."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> float:
        """Run once and return the cost in seconds. Raise Failed if the program fails."""
        return self.figures()["seconds"]

    def figures(self) -> dict[str, float]:
        """Run once and return what the program prints as JSON, or its cost alone."""
        before = os.times()
        result = subprocess.run(
            self.command,
            env={**os.environ, **self.env},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=300,
        )
        after = os.times()
        if result.returncode:
            raise Failed(f"{self.name} ended with status {result.returncode}: {' '.join(self.command)}")
        last = result.stdout.strip().splitlines()[-1:] or [""]
        if last[0].startswith("{"):
            return {name: float(value) for name, value in json.loads(last[0]).items()}
        user = after.children_user - before.children_user
        return {"seconds": user + after.children_system - before.children_system}


@dataclass(frozen=True)
class Peer(Contender):
    """A Python program with peers from the package index, in an environment of its own.

    A requirement without a version is installed in the version that this environment has: the comparison is of the
    peers, and not of two releases of Django.
    """

    requirements: Sequence[str] = ()

    def run(self) -> float:
        """Make the environment if it is not there, then run once."""
        return Contender(self.name, [self._python(), *self.command], self.env).run()

    def pinned(self) -> list[str]:
        """The requirements, each with a version."""
        return [
            found if "==" in found else f"{found}=={importlib.metadata.version(found)}"
            for found in self.requirements
        ]

    def _python(self) -> str:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        folder = ROOT / "build" / "peers" / f"{self.name}-{version}"
        python, stamp, wanted = folder / "bin" / "python", folder / "stamp", "\n".join(self.pinned())
        if not stamp.exists() or stamp.read_text() != wanted:
            for command in (
                [sys.executable, "-m", "venv", "--clear", str(folder)],
                [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *self.pinned()],
            ):
                if subprocess.run(command, check=False).returncode:
                    raise Failed(f"{self.name} cannot be installed: {' '.join(command)}")
            stamp.write_text(wanted)
        return str(python)


@dataclass(frozen=True)
class Result:
    """One line of the table: the costs of each round, and what is compared with the bar in each."""

    title: str
    ours: Sequence[float]
    theirs: Sequence[float]
    ratios: Sequence[float]
    bar: float
    most: bool

    @property
    def ratio(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.ratios)

    @property
    def ok(self) -> bool:
        """Whether the median keeps to the bar."""
        return self.ratio <= self.bar if self.most else self.ratio >= self.bar

    def __str__(self) -> str:
        sign, verdict = "<=" if self.most else ">=", "ok" if self.ok else "MISSED"
        spread = f"{min(self.ratios):.2f}-{max(self.ratios):.2f}"
        ours, theirs = _time(statistics.median(self.ours)), _time(statistics.median(self.theirs))
        return f"{self.title:<66} {ours:>10} {theirs:>10} {self.ratio:>9.2f} {spread:>17} {sign} {self.bar:<6g} {verdict}"


@dataclass(frozen=True)
class Failure:
    """A comparison without a result."""

    title: str
    reason: str
    ok: bool = False

    def __str__(self) -> str:
        return f"{self.title:<66} FAILED: {self.reason}"


HEADER = f"{'':<66} {'ours':>10} {'theirs':>10} {'median':>9} {'spread':>17}    bar"


def compare(
    title: str,
    ours: Contender,
    theirs: Contender,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    rounds: int = 7,
) -> Result | Failure:
    """Compare ours / theirs with the largest, or theirs / ours with the smallest value that is good enough."""
    assert (at_most is None) != (at_least is None)
    shuffler = random.Random(SEED)
    costs: dict[str, list[float]] = {ours.name: [], theirs.name: []}
    try:
        for _ in range(rounds):
            for contender in shuffler.sample([ours, theirs], 2):
                cost = contender.run()
                if cost <= 0:
                    raise Failed(f"{contender.name} costs too little to be measured")
                costs[contender.name].append(cost)
    except Exception as error:
        return failure(title, error)
    our, their = costs[ours.name], costs[theirs.name]
    if at_most is not None:
        return Result(title, our, their, [a / b for a, b in zip(our, their, strict=True)], at_most, most=True)
    assert at_least is not None
    return Result(title, our, their, [b / a for a, b in zip(our, their, strict=True)], at_least, most=False)


def part(title: str, program: Contender, *, at_most: float, rounds: int = 5) -> Result | Failure:
    """Compare with ``at_most`` which part of a whole a program finds: it prints {"seconds": s, "of": s}."""
    try:
        found = [program.figures() for _ in range(rounds)]
        ours, theirs = [one["seconds"] for one in found], [one["of"] for one in found]
        return Result(
            title, ours, theirs, [a / b for a, b in zip(ours, theirs, strict=True)], at_most, most=True
        )
    except Exception as error:
        return failure(title, error)


def failure(title: str, error: BaseException) -> Failure:
    """What is reported instead of a result."""
    if isinstance(error, Failed):
        return Failure(title, str(error))
    said = str(getattr(error, "stderr", None) or "").strip().splitlines()[-1:]
    return Failure(title, " ".join([type(error).__name__, *str(error).splitlines()[:1], *said]))


def report(results: Sequence[Result | Failure]) -> int:
    """Print the table. Return 1 if a comparison failed or missed its bar, and name it on standard error."""
    print(f"seed {SEED}", HEADER, *results, sep="\n", flush=True)
    bad = [result.title for result in results if not result.ok]
    for title in bad:
        print(f"bench: {title}: failed or missed its bar", file=sys.stderr)
    return 1 if bad else 0


def _time(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
