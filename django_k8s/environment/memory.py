"""How many forked processes fit into the memory limit of the container.

Processes share at first what was loaded before the fork, and over time less and less of it. How much memory a process needs
for itself depends on the project. So the estimate is half of what this process has loaded, and at least 32 MiB.
"""

from __future__ import annotations

import os
from pathlib import Path

MIB = 1 << 20
_LEAST_BYTES = 32 * MIB
_HELD_BYTES = 16 << 10
_PART = 0.9  # the rest is for the probe listener and for what the kernel counts


def resident(statm: Path = Path("/proc/self/statm")) -> int:
    """Return how many bytes of memory this process uses, or 0 if the system does not say."""
    try:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def fitting(wanted: int, limit: int | None, loaded: int) -> int:
    """Return how many of ``wanted`` processes, but at least one, fit beside a parent that has ``loaded`` bytes."""
    if limit is None:
        return wanted
    each = max(loaded // 2, _LEAST_BYTES)
    return max(1, min(wanted, int(limit * _PART - loaded) // each))


def share(processes: int, limit: int, loaded: int) -> int | None:
    """Return up to how many bytes each of these processes may grow, or None if that is hardly more than the initial size.

    A forked process starts with everything that its parent has loaded.
    """
    grown = loaded + int(limit * _PART - loaded) // processes
    return grown if grown >= loaded + _LEAST_BYTES else None


def held(limit: int) -> int:
    """Return how many tasks with a countdown fit into a tenth of a limit. A task without arguments takes 9 KiB."""
    return limit // 10 // _HELD_BYTES


def words(limit: int) -> str:
    """Return a limit in a readable unit."""
    return f"{limit / MIB:.0f} MiB"
