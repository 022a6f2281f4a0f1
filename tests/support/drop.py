"""Packets that are dropped, as by a firewall or a lost route: no answer, no refusal."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

from support.need import need


@contextlib.contextmanager
def dropped(port: int) -> Iterator[None]:
    """Drop what is sent to a port of the loopback address, on old and new connections alike."""
    need(
        "iptables, as root",
        shutil.which("iptables") and os.geteuid() == 0,
        "install iptables, and run as root",
    )
    rule = ["INPUT", "-i", "lo", "-p", "tcp", "--dport", str(port), "-j", "DROP"]
    subprocess.run(["iptables", "-w", "-I", *rule], check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["iptables", "-w", "-D", *rule], check=True, capture_output=True)
