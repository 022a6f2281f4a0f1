"""The output of a command while it works: one line for each phase."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TextIO

_WIDTH = 16
_LONGEST_STATUS = 100


class Report:
    """Print phases to ``out``, and problems to ``err``. On a terminal, the last line shows the current step."""

    def __init__(self, out: TextIO | None = None, err: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._err = err or sys.stderr
        self._status = False

    @property
    def is_terminal(self) -> bool:
        """Whether the output goes to a terminal, and so is not kept in a log."""
        return self._out.isatty()

    def line(self, phase: str, text: str) -> None:
        """Print one line."""
        self._clear()
        print(f"{phase:<{_WIDTH}}{text}", file=self._out, flush=True)

    def text(self, text: str = "") -> None:
        """Print text that does not belong to a phase."""
        self._clear()
        print(text, file=self._out, flush=True)

    def status(self, text: str) -> None:
        """Show the current step, on a terminal only. The next line replaces it."""
        if self.is_terminal:
            self._clear()
            print(text[:_LONGEST_STATUS], end="", file=self._out, flush=True)
            self._status = True

    def problem(self, text: str, details: Iterable[str] = ()) -> None:
        """Print the details, and below them what is wrong."""
        self._clear()
        self._out.flush()
        for line in details:
            print(f"    {line}", file=self._err)
        print(f"django-k8s: {text}", file=self._err, flush=True)

    def _clear(self) -> None:
        if self._status:
            print("\r\033[K", end="", file=self._out)
            self._status = False
