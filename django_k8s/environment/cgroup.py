"""The container's CPU and memory limits, and its kills for lack of memory, from the cgroup file system.

``os.cpu_count()`` and ``os.process_cpu_count()`` count the node's processors, perhaps limited by affinity. They
ignore the quota of a CPU limit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import TypeVar

MOUNT = Path("/sys/fs/cgroup")
MEMBERSHIP = Path("/proc/self/cgroup")
_UNLIMITED = 1 << 60
_Number = TypeVar("_Number", int, float)


def cpu_limit(mount: Path = MOUNT, membership: Path = MEMBERSHIP) -> float | None:
    """Return the smallest CPU limit of this process's cgroup and all above it, in CPUs, or None without a limit.

    Limits of both versions of cgroups count. Several controllers of version 1 may be mounted together.
    """
    return _least("cpu", _v2, _v1, mount, membership)


def memory_limit(mount: Path = MOUNT, membership: Path = MEMBERSHIP) -> int | None:
    """Return the smallest memory limit of this process's cgroup and all above it, in bytes, or None without a limit."""
    return _least(
        "memory",
        lambda directory: _bytes(_text(directory / "memory.max")),
        lambda directory: _bytes(_text(directory / "memory.limit_in_bytes")),
        mount,
        membership,
    )


def out_of_memory_kills(mount: Path = MOUNT, membership: Path = MEMBERSHIP) -> int:
    """Return how many processes of this cgroup the kernel has killed for lack of memory, or 0 if that is unknown."""
    v2_path, v1_path, v1_names = _membership(membership, "memory")
    files = [directory / "memory.events" for directory in _upwards(mount, v2_path)]
    for name in v1_names:
        files += [directory / "memory.oom_control" for directory in _upwards(mount / name, v1_path)]
    # The first existing file is that of the container. Those above it also count other containers.
    lines = next((text for text in map(_text, files) if text), "").splitlines()
    return next(
        (int(number) for name, _, number in (line.partition(" ") for line in lines) if name == "oom_kill"), 0
    )


def _least(
    controller: str,
    v2: Callable[[Path], _Number | None],
    v1: Callable[[Path], _Number | None],
    mount: Path,
    membership: Path,
) -> _Number | None:
    """Return the smallest limit. ``v2`` and ``v1`` read it from a directory of cgroups version 2 and 1."""
    v2_path, v1_path, v1_names = _membership(membership, controller)
    limits = [v2(directory) for directory in _upwards(mount, v2_path)]
    for name in v1_names:
        limits += [v1(directory) for directory in _upwards(mount / name, v1_path)]
    return min((limit for limit in limits if limit is not None), default=None)


def _membership(path: Path, controller: str) -> tuple[str, str, list[str]]:
    """Return this process's cgroup of version 2, that of version 1, and where the latter may be mounted."""
    v2_path, v1_path, names = "/", "/", [controller]
    for line in _text(path).splitlines():
        _, _, rest = line.partition(":")
        controllers, _, cgroup = rest.partition(":")
        if not controllers:
            v2_path = cgroup
        elif controller in controllers.split(","):
            v1_path, names = cgroup, list(dict.fromkeys([controllers, controller]))
    return v2_path, v1_path, names


def _upwards(mount: Path, cgroup: str) -> Iterator[Path]:
    """Yield the directory of a cgroup and of each cgroup above it, up to the mount.

    Without a cgroup namespace, the path is that on the node, of which a container sees only the end. Nothing is read
    from directories that do not exist.
    """
    inside = PurePosixPath(cgroup.lstrip("/"))
    if ".." in inside.parts:  # seen from a sibling's namespace
        inside = PurePosixPath()
    for path in (inside, *inside.parents):
        yield mount / path


def _v2(directory: Path) -> float | None:
    quota, _, period = _text(directory / "cpu.max").strip().partition(" ")
    return _cpus(quota, period)


def _v1(directory: Path) -> float | None:
    return _cpus(_text(directory / "cpu.cfs_quota_us"), _text(directory / "cpu.cfs_period_us"))


def _cpus(quota: str, period: str) -> float | None:
    """Return a limit in CPUs from two texts in microseconds. "max" (version 2) and -1 (version 1) mean no limit."""
    try:
        cpus = int(quota) / int(period)
    except (ValueError, ZeroDivisionError):
        return None
    return cpus if cpus > 0 else None


def _bytes(text: str) -> int | None:
    """Return a limit in bytes. "max" (version 2) and a number near 2**63 (version 1) mean no limit."""
    number = text.strip()
    return int(number) if number.isdecimal() and int(number) < _UNLIMITED else None


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, ValueError):
        return ""
