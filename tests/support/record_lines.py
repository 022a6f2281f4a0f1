"""Record which lines of the library run in this process, for ``tests/run.py --coverage``.

It stands in the environment of the tests, where each process imports it. Importing coverage instead takes 90 ms of every
process, which was two fifths of the CPU time of all tests. This takes 2 ms: where RECORD_LINES names a directory, each
line of the library has a byte in its file ``hits``, and ``index`` says at which byte the lines of a file begin. The bytes are
shared memory, so what a process ran is known however it ends, and a fork needs nothing.
"""

# Each process loads this: neither pathlib nor contextlib comes along.
# ruff: noqa: PTH118, PTH123, SIM105

from __future__ import annotations

import mmap
import os
import sys
from types import CodeType

VARIABLE = "RECORD_LINES"


def record(folder: str) -> None:
    """Set the byte of each line of the library that runs from now on. Raise OSError if this process may not write it."""
    if sys.version_info < (3, 12):
        return
    with open(os.path.join(folder, "index")) as file:
        begin = {path: int(byte) for path, byte in (line.rstrip("\n").split("\t") for line in file)}
    with open(os.path.join(folder, "hits"), "r+b") as data:
        hits = mmap.mmap(data.fileno(), 0)
    monitoring = sys.monitoring
    tool, events, disable = monitoring.COVERAGE_ID, monitoring.events, monitoring.DISABLE

    def started(code: CodeType, offset: int) -> object:
        if code.co_filename in begin:
            monitoring.set_local_events(tool, code, events.LINE)
        return disable

    def line(code: CodeType, number: int) -> object:
        hits[begin[code.co_filename] + number] = 1
        return disable

    monitoring.use_tool_id(tool, __name__)
    monitoring.register_callback(tool, events.PY_START, started)
    monitoring.register_callback(tool, events.LINE, line)
    monitoring.set_events(tool, events.PY_START)


# Here the tests import the module for its name alone.
if __name__ == "record_lines" and VARIABLE in os.environ:
    # A process that may not write there, as somebody else's, only runs.
    try:
        record(os.environ[VARIABLE])
    except OSError:
        pass
