"""Run a program, keep what it prints and measure how long it takes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_STEP = re.compile(r"#(\d+) (?!DONE|CACHED|ERROR|CANCELED|sha256:|\d|\.\.\.)(.*)")
_ENDED = re.compile(r"#(\d+) (DONE|CACHED|ERROR|CANCELED)\b")
# Steps of a build that spend their time on the network: they are told apart, since they say nothing about the toolkit.
_DOWNLOADS = re.compile(
    r"\] FROM |\b(apt-get|pip|uv|poetry|pipenv|npm|npx|yarn|pnpm|corepack|curl|wget|git clone)\b"
)

Line = tuple[float, str]  # seconds since the start, and the text


@dataclass(frozen=True)
class Done:
    """A program that has ended."""

    status: int
    lines: Sequence[Line]  # what it printed, errors too
    seconds: float

    @property
    def out(self) -> str:
        """What it printed."""
        return "\n".join(text for _, text in self.lines)

    @property
    def sentence(self) -> str:
        """The last line that is not blank: the toolkit's commands end with a sentence."""
        texts = [text.strip() for _, text in self.lines if text.strip()]
        return texts[-1] if texts else f"no output, exit status {self.status}"


def run(
    command: Sequence[str | Path],
    directory: Path,
    log: Path,
    *,
    timeout: float,
    variables: Mapping[str, str] | None = None,
) -> Done:
    """Run ``command`` to its end, at most ``timeout`` seconds, and write what it prints to ``log``."""
    began, lines, late = time.monotonic(), list[Line](), threading.Event()
    with (
        log.open("w") as output,
        subprocess.Popen(
            [str(part) for part in command],
            cwd=directory,
            env={**os.environ, **(variables or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process,
    ):

        def end() -> None:
            late.set()
            os.killpg(process.pid, signal.SIGTERM)  # what it has started holds its output open

        timer = threading.Timer(timeout, end)
        timer.start()
        assert process.stdout
        for text in process.stdout:
            lines.append((time.monotonic() - began, text.rstrip("\n")))
            output.write(text)
            output.flush()
        timer.cancel()
    seconds = time.monotonic() - began
    if late.is_set():
        lines.append((seconds, f"It did not end within {timeout:g} s."))
    return Done(124 if late.is_set() else process.returncode, lines, seconds)


def downloads(lines: Iterable[Line]) -> float:
    """Return the seconds in which a build, by its plain progress, did nothing but download."""
    names: dict[str, str] = {}
    running: set[str] = set()
    total = before = 0.0
    for now, text in lines:
        if running and all(_DOWNLOADS.search(names[number]) for number in running):
            total += now - before
        before = now
        if found := _ENDED.match(text):
            running.discard(found[1])
        elif (found := _STEP.match(text)) and found[1] not in names:
            names[found[1]] = found[2]
            running.add(found[1])
    return total
