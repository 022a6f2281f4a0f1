"""The terminal that the roles share."""

from __future__ import annotations

import contextlib
import threading
from typing import IO

_COLOURS = {"web": "36", "worker": "33", "beat": "35", "migrate": "34", "run": "32"}
_OTHERS = "31"  # daemons


class Output:
    """One terminal for all roles: whole lines, each with the role before it."""

    def __init__(self, stream: IO[str], *, colours: bool) -> None:
        self.stream, self.colours = stream, colours
        self.lock = threading.Lock()

    def line(self, role: str, text: str) -> None:
        """Print one line. A reader who has gone away is no reason to fail."""
        prefix = f"{role:<7}|"
        if self.colours:
            prefix = f"\x1b[{_COLOURS.get(role, _OTHERS)}m{prefix}\x1b[0m"
        with self.lock, contextlib.suppress(OSError, ValueError):
            self.stream.write(f"{prefix} {text}\n")
            self.stream.flush()

    def copy(self, role: str, source: IO[bytes]) -> None:
        """Print every line of ``source`` until its end."""
        for line in source:
            self.line(role, line.decode(errors="replace").rstrip())
