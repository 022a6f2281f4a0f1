"""Packets that are dropped, as by a firewall or a lost route: no answer, no refusal."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

from support.need import need, works


@contextlib.contextmanager
def dropped(port: int, source: int | None = None) -> Iterator[None]:
    """Drop what is sent to a port of the loopback address, on old and new connections alike.

    With ``source``, drop both directions of the one connection that has this port at its other end.
    """
    need(
        "the right to set iptables",
        works("iptables", "-w", "-S"),
        "install iptables, and run as root, in a container with NET_ADMIN",
    )
    matches = [["--dport", str(port)]]
    if source:
        matches = [
            ["--dport", str(port), "--sport", str(source)],
            ["--sport", str(port), "--dport", str(source)],
        ]
    with contextlib.ExitStack() as stack:
        for match in matches:
            rule = ["INPUT", "-i", "lo", "-p", "tcp", *match, "-j", "DROP"]
            subprocess.run(["iptables", "-w", "-I", *rule], check=True, capture_output=True)
            stack.callback(subprocess.run, ["iptables", "-w", "-D", *rule], check=True, capture_output=True)
        yield
