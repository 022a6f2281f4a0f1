"""Run a program, keep what it prints and measure how long it takes."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_STEP = re.compile(r"#(\d+) \[[^\]]+\] (.*)")
_DONE = re.compile(r"#(\d+) DONE (\d+(?:\.\d+)?)s")
# Steps of a build that spend their time on the network: they are told apart, since they say nothing about the toolkit.
_DOWNLOADS = re.compile(
    r"^FROM |\b(apt-get|pip|uv|poetry|pipenv|npm|npx|yarn|pnpm|corepack|curl|wget|git clone)\b"
)


@dataclass(frozen=True)
class Done:
    """A program that has ended."""

    status: int
    out: str  # what it printed, errors too
    seconds: float

    @property
    def sentence(self) -> str:
        """The last line that is not blank: the toolkit's commands end with a sentence."""
        lines = [line.strip() for line in self.out.splitlines() if line.strip()]
        return lines[-1] if lines else f"no output, exit status {self.status}"


def run(
    command: Sequence[str | Path],
    directory: Path,
    log: Path,
    *,
    timeout: float,
    variables: Mapping[str, str] | None = None,
) -> Done:
    """Run ``command`` to its end, at most ``timeout`` seconds, and write what it prints to ``log``."""
    began = time.monotonic()
    with log.open("w") as output:
        try:
            status = subprocess.run(
                [str(part) for part in command],
                cwd=directory,
                env={**os.environ, **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=False,
            ).returncode
        except subprocess.TimeoutExpired:
            status = 124
            output.write(f"\nIt did not end within {timeout:.0f} s.\n")
    return Done(status, log.read_text(errors="replace"), time.monotonic() - began)


def downloads(log: str) -> float:
    """Return the seconds that a build, by its plain progress, spent in steps that download."""
    commands = dict(_STEP.findall(log))
    return sum(
        float(seconds)
        for number, seconds in _DONE.findall(log)
        if _DOWNLOADS.search(commands.get(number, ""))
    )
