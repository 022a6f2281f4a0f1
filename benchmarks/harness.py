"""Two contenders, one run: shuffled rounds, medians of CPU time, one ratio, one bar.

The figure of merit is user plus system time, which other work on the machine disturbs least; a
ratio of two medians of one run is the result, and an absolute time never is.
"""

from __future__ import annotations

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


@dataclass(frozen=True)
class Contender:
    """A program. Its cost is what it prints last as JSON {"seconds": s}, else its whole CPU time."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> float:
        """Run once and return the cost in seconds."""
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
            raise SystemExit(f"{self.name} failed: {' '.join(self.command)}")
        last = result.stdout.strip().splitlines()[-1:] or [""]
        if last[0].startswith("{"):
            return float(json.loads(last[0])["seconds"])
        return after.children_user - before.children_user + after.children_system - before.children_system


@dataclass(frozen=True)
class Result:
    """One line of the table."""

    title: str
    ours: float
    theirs: float
    ratio: float
    bar: float
    most: bool

    @property
    def ok(self) -> bool:
        return self.ratio <= self.bar if self.most else self.ratio >= self.bar

    def __str__(self) -> str:
        sign = "<=" if self.most else ">="
        verdict = "ok" if self.ok else "MISSED"
        return f"{self.title:<58} {_time(self.ours):>10} {_time(self.theirs):>10} {self.ratio:>9.2f} {sign} {self.bar:<6g} {verdict}"


HEADER = f"{'':<58} {'ours':>10} {'theirs':>10} {'ratio':>9}    bar"


def compare(
    title: str,
    ours: Contender,
    theirs: Contender,
    *,
    at_most: float | None = None,
    at_least: float | None = None,
    rounds: int = 7,
) -> Result:
    """ours / theirs at most a bar, or theirs / ours at least one."""
    shuffler = random.Random(SEED)
    times: dict[str, list[float]] = {ours.name: [], theirs.name: []}
    for _ in range(rounds):
        pair = [ours, theirs]
        shuffler.shuffle(pair)
        for contender in pair:
            times[contender.name].append(contender.run())
    our, their = statistics.median(times[ours.name]), statistics.median(times[theirs.name])
    if at_most is not None:
        return Result(title, our, their, our / their, at_most, most=True)
    assert at_least is not None
    return Result(title, our, their, their / our, at_least, most=False)


def report(results: Sequence[Result]) -> int:
    """Print the table; 1 when a bar was missed."""
    print(f"seed {SEED}", HEADER, *results, sep="\n")
    sys.stdout.flush()
    return 0 if all(result.ok for result in results) else 1


def peer(name: str, *requirements: str) -> str:
    """The Python of an environment of its own that holds pinned peers from the package index."""
    folder = ROOT / "build" / "peers" / name
    python = folder / "bin" / "python"
    stamp = folder / "stamp"
    wanted = "\n".join(requirements)
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *requirements], check=True)
        stamp.write_text(wanted)
    return str(python)


def _time(seconds: float) -> str:
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} us"
    return f"{seconds * 1e3:.1f} ms" if seconds < 1 else f"{seconds:.2f} s"
