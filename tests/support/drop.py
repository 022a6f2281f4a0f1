"""Packets that are dropped, as by a firewall or a lost route: no answer, no refusal."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

from support.need import need, works


@contextlib.contextmanager
def dropped(port: int, source: int | None = None) -> Iterator[None]:
    """Drop what is sent to a port of the loopback address, on old and new connections alike.

    With ``source``, drop only the packets of the connection that has this port at its other end.
    """
    need(
        "the right to set iptables",
        works("iptables", "-w", "-S"),
        "install iptables, and run as root, in a container with NET_ADMIN",
    )
    rule = ["INPUT", "-i", "lo", "-p", "tcp", "--dport", str(port)]
    rule += [*(["--sport", str(source)] if source else []), "-j", "DROP"]
    subprocess.run(["iptables", "-w", "-I", *rule], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["iptables", "-w", "-D", *rule], check=True, capture_output=True)
