"""What all processes of a role cost. They are found by a variable of their environment: some leave the session."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Role:
    """A started role."""

    def __init__(self, mark: str, popen: subprocess.Popen[bytes], log: Path, port: int) -> None:
        self.mark, self.popen, self.log, self.port = mark.encode(), popen, log, port

    def pids(self) -> list[int]:
        """Every process that the role has started and that is alive."""
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                if self.mark in (path / "environ").read_bytes():
                    found.append(int(path.name))
        return found

    def cpu(self) -> float:
        """Seconds of CPU time, with those of processes that have ended and were waited for."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
                total += sum(map(int, fields[11:15]))
        return total / TICKS

    def running_cpu(self) -> float:
        """Seconds of CPU time of what runs now, to the nanosecond: for a role that has nearly nothing to do."""
        total = 0
        for pid in self.pids():
            for task in Path(f"/proc/{pid}/task").glob("*"):
                with contextlib.suppress(OSError):
                    total += int((task / "schedstat").read_text().split()[0])
        return total / 1e9

    def pss(self) -> float:
        """Proportional memory, in MiB."""
        total = 0
        for pid in self.pids():
            with contextlib.suppress(OSError):
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1])
        return total / 1024

    def until(self, condition: Callable[[], bool], seconds: float = 60, every: float = 0.01) -> None:
        """Wait for a condition; raise RuntimeError with the role's output if it does not come."""
        end = time.monotonic() + seconds
        while not condition():
            if self.popen.poll() is not None or time.monotonic() > end:
                raise RuntimeError(self.log.read_text(errors="replace")[-2000:])
            time.sleep(every)


@contextlib.contextmanager
def started(command: tuple[str, ...], env: dict[str, str], port: int) -> Iterator[Role]:
    """Start a role in a directory of its own, and end all its processes afterwards."""
    mark = f"COMPARE_MARK={uuid.uuid4().hex}"
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("wb") as output:
            popen = subprocess.Popen(
                [part.format(port=port, folder=folder) for part in command],
                env={**env, "COMPARE_MARK": mark.partition("=")[2], "STATE_DIR": folder},
                cwd=env["PYTHONPATH"],
                stdout=output,
                stderr=output,
            )
        role = Role(mark, popen, log, port)
        try:
            yield role
        finally:
            popen.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                popen.wait(20)
            for pid in role.pids():
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            popen.wait(20)
