"""Real processes: start, await a condition, read their output, end them by their own id."""

from __future__ import annotations

import contextlib
import http.client
import json
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from support.patience import Limit, patience
from support.record_lines import VARIABLE as RECORD_LINES

T = TypeVar("T")


def wait_until(
    condition: Callable[[], T], seconds: float, what: str, every: float = 0.05, below: float = math.inf
) -> T:
    """Return the first true result of ``condition``; fail with ``what`` if none comes in time.

    ``seconds`` and ``below`` are those of :func:`support.patience.patience`.
    """
    limit = Limit(seconds, below)
    while True:
        over = limit.over()
        result = condition()
        if result:
            return result
        assert not over, f"{what}: not within {limit}"
        time.sleep(every)


def stays(condition: Callable[[], object], seconds: float, what: str, every: float = 0.1) -> None:
    """Fail with ``what`` unless ``condition`` stays true for exactly ``seconds``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition(), what
        time.sleep(every)


@dataclass
class Response:
    """An HTTP answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


def get(
    port: int,
    path: str = "/",
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
    timeout: float = 10,
    host: str = "127.0.0.1",
) -> Response:
    """One request on a connection of its own. Raises OSError as the connection does.

    ``timeout`` is the limit on an idle machine.
    """
    connection = http.client.HTTPConnection(host, port, timeout=patience(timeout))
    try:
        connection.request(method, path, body=body, headers=dict(headers or {}))
        answer = connection.getresponse()
        return Response(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def answers(port: int, path: str = "/", status: int = 200, **options: object) -> bool:
    """Whether a request is answered with ``status`` right now."""
    try:
        return get(port, path, **options).status == status  # type: ignore[arg-type]
    except (OSError, http.client.HTTPException):
        return False


@dataclass
class Process:
    """A started program whose standard output and error go to one file."""

    popen: subprocess.Popen[bytes]
    log: Path
    args: Sequence[str] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def running(self) -> bool:
        return self.popen.poll() is None

    def signal(self, number: int) -> None:
        self.popen.send_signal(number)

    def wait(self, seconds: float, below: float = math.inf) -> int:
        """Return the exit status; fail with the output if the process does not end in time.

        ``seconds`` and ``below`` are those of :func:`support.patience.patience`.
        """
        limit = Limit(seconds, below)
        while not limit.over():
            with contextlib.suppress(subprocess.TimeoutExpired):
                return self.popen.wait(0.5)
        raise AssertionError(f"{self.args} still runs after {limit}:\n{self.output[-4000:]}")

    def stop(self, seconds: float = 20, below: float = math.inf) -> int:
        """SIGTERM, then the exit status."""
        if self.running():
            self.signal(signal.SIGTERM)
        return self.wait(seconds, below)

    def wait_for_output(self, text: str, seconds: float = 20) -> None:
        def seen() -> bool:
            assert self.running() or text in self.output, f"{self.args} ended:\n{self.output[-4000:]}"
            return text in self.output

        wait_until(seen, seconds, f"{text!r} in the output of {self.args}")


def wakes(pid: int) -> int:
    """Return how often the main thread of a process has gone to sleep."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("\nvoluntary_ctxt_switches:")[2].split()[0])


def environment(**extra: str) -> dict[str, str]:
    """A small environment for a child: PATH, HOME and what is given; nothing leaks in from outside."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", RECORD_LINES) if name in os.environ}
    bin_folder = str(Path(sys.executable).parent)
    kept["PATH"] = f"{bin_folder}:{kept.get('PATH', '')}"
    return {**kept, **extra}


def run(
    args: Sequence[str], env: Mapping[str, str], cwd: Path, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end and return its status and output, each apart.

    ``timeout`` is the limit on an idle machine.
    """
    limit = patience(timeout)
    return subprocess.run(
        list(args), env=dict(env), cwd=cwd, timeout=limit, capture_output=True, text=True, check=False
    )


@contextlib.contextmanager
def started(
    args: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path, user: int | None = None
) -> Iterator[Process]:
    """A program in a session of its own; whatever is left of its process group is killed at the end."""
    with log.open("ab") as output:
        popen = subprocess.Popen(
            list(args),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            user=user,
        )
    process = Process(popen, log, list(args))
    try:
        yield process
    finally:
        # The group is ours: it was made by start_new_session, and no one else is in it.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(popen.pid, signal.SIGCONT)
            if "run" in args and popen.poll() is None:
                # `make run` and `django-k8s run` end their roles, which are in groups of their own.
                os.killpg(popen.pid, signal.SIGTERM)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    popen.wait(10)
            os.killpg(popen.pid, signal.SIGKILL)
        popen.wait(10)
