"""TCP ports for tests: while a process lives, no other test process of this user gets a port of its."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import random
import socket
import tempfile
import threading
from pathlib import Path

# Below net.ipv4.ip_local_port_range: the kernel gives none of these to a client.
PORTS = range(10_000, 32_000)

# All test processes share this file, and a port is taken by a lock on the byte of its number: the kernel
# drops the lock with the process, however it ends. Closing any other descriptor of the file in this
# process would drop it as well, so the file is opened once.
_file = os.open(Path(tempfile.gettempdir()) / f"test-ports-{os.getuid()}", os.O_RDWR | os.O_CREAT, 0o600)
_taken: set[int] = set()  # by this process, which its own locks do not refuse
_taking = threading.Lock()


def free_port() -> int:
    """Return a port on which nobody listens and which no other test gets."""
    return free_ports(1)


def free_ports(count: int, among: range = PORTS) -> int:
    """Return the first of ``count`` neighbouring ports, each as :func:`free_port` returns it.

    Raises RuntimeError if ``among`` has none.
    """
    some = random.randrange(len(among))
    for first in itertools.chain(among[some:], among[:some]):
        ports = range(first, first + count)
        if ports[-1] in among and all(_take(port) and _unused(port) for port in ports):
            return first
    raise RuntimeError(f"No {count} neighbouring ports are free from {among[0]} to {among[-1]}.")


def _take(port: int) -> bool:
    with _taking:
        if port in _taken:
            return False
        try:
            fcntl.lockf(_file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
        except OSError:
            return False
        _taken.add(port)
        return True


def _unused(port: int) -> bool:
    """Whether no other program has the port: not all are tests."""
    with socket.socket() as sock, contextlib.suppress(OSError):
        sock.bind(("0.0.0.0", port))
        return True
    return False
