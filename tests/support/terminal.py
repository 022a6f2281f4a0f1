"""A program in a terminal of its own, as a person has it."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import threading
from collections.abc import Iterator, Sequence


class Terminal:
    """What a person types and sees."""

    def __init__(self, process: subprocess.Popen[bytes], master: int) -> None:
        self.process, self.master = process, master
        self._seen = b""
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        # The other side's end is an error on Linux, not an empty read.
        with contextlib.suppress(OSError):
            while piece := os.read(self.master, 4096):
                self._seen += piece

    @property
    def text(self) -> str:
        """Everything that was on the screen so far."""
        return self._seen.decode(errors="replace")

    def type(self, line: str) -> None:
        """Type a line."""
        os.write(self.master, f"{line}\n".encode())

    def running(self) -> bool:
        """Whether the program has not ended."""
        return self.process.poll() is None


@contextlib.contextmanager
def terminal(command: Sequence[str]) -> Iterator[Terminal]:
    """Run ``command`` in a terminal; what is left of it at the end is killed."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        os.close(master)
