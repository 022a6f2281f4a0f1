"""How many forked processes fit into the memory limit of the container.

What was loaded before the fork is shared at first, and less and less of it stays so. How much a process needs of its own
depends on the project, so it is taken from what this one has loaded: half of that, and no less than 32 MiB.
"""

from __future__ import annotations

import os
from pathlib import Path

MIB = 1 << 20
_LEAST_BYTES = 32 * MIB
_HELD_BYTES = 16 << 10
_PART = 0.9  # the rest is for the probe listener and for what the kernel counts


def resident(statm: Path = Path("/proc/self/statm")) -> int:
    """Return the bytes that this process has in memory, or 0 where the system does not tell."""
    try:
        return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def fitting(wanted: int, limit: int | None, loaded: int) -> int:
    """Return how many of ``wanted`` processes fit beside a parent that has ``loaded`` bytes; at least one."""
    if limit is None:
        return wanted
    each = max(loaded // 2, _LEAST_BYTES)
    return max(1, min(wanted, int(limit * _PART - loaded) // each))


def share(processes: int, limit: int, loaded: int) -> int | None:
    """Return the bytes up to which each of so many processes may grow, or None if that is hardly more than it starts with.

    A forked process starts with all that its parent has.
    """
    grown = loaded + int(limit * _PART - loaded) // processes
    return grown if grown >= loaded + _LEAST_BYTES else None


def held(limit: int) -> int:
    """Return how many tasks that are due later fit into a tenth of a limit. One without arguments takes 9 KiB."""
    return limit // 10 // _HELD_BYTES


def words(limit: int) -> str:
    """Return a limit as people write it."""
    return f"{limit / MIB:.0f} MiB"
