"""The ports that tests use: nobody gets one that another test has, however many run side by side."""

from __future__ import annotations

import contextlib
import itertools
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ports import free_ports

TESTS = Path(__file__).resolve().parent
# So few that processes which only choose by chance would meet.
SOME = range(9_000, 9_200)
TAKES = 15
TAKER = (
    "import sys; from support.ports import free_ports\n"
    f"print(*(free_ports(1, {SOME}) for _ in range({TAKES})), flush=True); sys.stdin.read()"
)


@contextlib.contextmanager
def taker() -> Iterator[subprocess.Popen[str]]:
    """A process that takes ports, prints them, and lives until the end of the block."""
    command = [sys.executable, "-c", TAKER]
    with subprocess.Popen(
        command, cwd=TESTS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def taken(process: subprocess.Popen[str]) -> list[int]:
    assert process.stdout
    return [int(port) for port in process.stdout.readline().split()]


def test_processes_side_by_side() -> None:
    """Four processes that take ports at the same moment have no port in common, though nobody listens."""
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(taker()) for _ in range(4)]
        ports = list(itertools.chain.from_iterable(taken(process) for process in processes))

    assert len(ports) == 4 * TAKES
    assert len(set(ports)) == len(ports)


def test_end_of_a_process() -> None:
    """The ports of a process that was killed can be had again at once."""
    with taker() as process:
        port, *_ = taken(process)
        with pytest.raises(RuntimeError, match=f"from {port} to {port}"):
            free_ports(1, range(port, port + 1))

    assert free_ports(1, range(port, port + 1)) == port


def test_never_twice_in_a_process() -> None:
    """A process gets each port once, until none is left."""
    few = range(9_200, 9_208)
    ports: list[int] = []
    with pytest.raises(RuntimeError):
        ports.extend(free_ports(1, few) for _ in range(len(few) + 1))

    assert len(set(ports)) == len(ports)


def test_port_of_another_program() -> None:
    """A port that somebody listens on is not free, whoever it is."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(RuntimeError):
            free_ports(1, range(port, port + 1))


def test_neighbours() -> None:
    """A row of ports is this test's as a whole."""
    first = free_ports(4)

    for port in range(first, first + 4):
        with pytest.raises(RuntimeError):
            free_ports(1, range(port, port + 1))
