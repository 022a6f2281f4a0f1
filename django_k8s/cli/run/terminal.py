"""The terminal that the roles share."""

from __future__ import annotations

import contextlib
import threading
from typing import IO

_COLOURS = {"web": "36", "worker": "33", "beat": "35", "migrate": "34", "run": "32"}
_OTHERS = "31"  # daemons


class Output:
    """The output of all roles on one terminal. Each line starts with its role, and lines are never mixed."""

    def __init__(self, stream: IO[str], *, colours: bool) -> None:
        self.stream, self.colours = stream, colours
        self.lock = threading.Lock()

    def line(self, role: str, text: str) -> None:
        """Print one line. Ignore it if nobody reads the output any longer."""
        prefix = f"{role:<7}|"
        if self.colours:
            prefix = f"\x1b[{_COLOURS.get(role, _OTHERS)}m{prefix}\x1b[0m"
        with self.lock, contextlib.suppress(OSError, ValueError):
            self.stream.write(f"{prefix} {text}\n")
            self.stream.flush()

    def copy(self, role: str, source: IO[bytes]) -> None:
        """Print every line of ``source`` until it ends."""
        for line in source:
            self.line(role, line.decode(errors="replace").rstrip())
