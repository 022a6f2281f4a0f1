"""Merge the metrics of ended processes into one file for each kind, so that their files do not accumulate.

prometheus_client's mark_process_dead removes only gauges. If processes are replaced regularly, every scrape would read
the files of all processes that ever ran.

This is imported only if METRICS is on.
"""

from __future__ import annotations

import contextlib
import os
import stat
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prometheus_client.mmap_dict import MmapedDict

from django_k8s.observability.metrics_file import ReservedFile
from django_k8s.probe.heartbeat import running

PIECE_SECONDS = 0.05  # the longest work before probes are answered again
MAX_BYTES = 64 << 20  # no process has so many metrics
KEPT_FILES = 100  # of gauges with a value for each process
DEAD_PID = "0"  # stands for all ended processes; no process has this id
_ALL = "gauge_all"

_Value = tuple[float, float]  # the value and its time


def _add(total: _Value, value: _Value) -> _Value:
    return total[0] + value[0], 0.0


def _latest(total: _Value, value: _Value) -> _Value:
    return max(total, value, key=lambda each: each[1])


# How to merge the values of two processes. Gauges of live processes are removed with their process.
_MERGED: dict[str, Callable[[_Value, _Value], _Value]] = {
    "counter": _add,
    "histogram": _add,
    "summary": _add,
    "gauge_sum": _add,
    "gauge_min": min,
    "gauge_max": max,
    "gauge_mostrecent": _latest,
}


class DeadProcesses:
    """Merge the files in ``directory`` whose processes have ended."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._totals: dict[str, ReservedFile] = {}

    def files(self) -> list[Path]:
        """Return all files of prometheus_client, including those of live processes. Ignore what is not a regular file."""
        found = []
        with contextlib.suppress(OSError), os.scandir(self._directory) as entries:
            for entry in entries:
                if entry.name.endswith(".db"):
                    status = entry.stat(follow_symlinks=False)
                    if stat.S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_BYTES:
                        found.append(Path(entry.path))
        return found

    def merge(self) -> Iterator[None]:
        """Merge the files, and yield after each piece of work. Several runs may be interleaved."""
        until = time.monotonic() + PIECE_SECONDS
        try:
            self._restore_totals()
            dead = [path for path in self.files() if _ended(path)]
            for path in dead:
                self._merge(path)
                if time.monotonic() > until:
                    yield
                    until = time.monotonic() + PIECE_SECONDS
            self._remove_oldest([path for path in dead if _kind(path) == _ALL])
        except OSError:
            pass  # the disk cannot be written; the files keep their values until then

    def _merge(self, path: Path) -> None:
        kind = _kind(path)
        merged = _MERGED.get(kind)
        try:
            if merged:
                found = {
                    key: (value, at) for key, value, at, _ in MmapedDict.read_all_values_from_file(str(path))
                }
                total = self._total(kind)
                # Do first what the disk may refuse. Nothing interrupts the rest, because the listener has one thread.
                # If the listener is killed, the container is restarted.
                total.reserve(found)
                gone = path.rename(path.with_suffix(".merged"))
                for key, value in found.items():
                    total.write_value(key, *(merged(total.read_value(key), value) if key in total else value))
                gone.unlink()
            elif kind.startswith("gauge_live"):
                path.unlink()
        except FileNotFoundError:
            pass  # another run has merged it
        except OSError:
            raise
        except Exception:
            path.unlink()  # unreadable, and its process can no longer repair it

    def _total(self, kind: str) -> ReservedFile:
        if kind not in self._totals:
            self._totals[kind] = ReservedFile(self._path(kind))
        return self._totals[kind]

    def _restore_totals(self) -> None:
        """Write the totals again if their files were removed."""
        for kind, total in self._totals.items():
            try:
                total.check()
            except FileNotFoundError:
                file = ReservedFile(self._path(kind))
                file.write_values(total.values())
                total.close()
                self._totals[kind] = file

    def _path(self, kind: str) -> Path:
        return self._directory / f"{kind}_{DEAD_PID}.db"

    def _remove_oldest(self, paths: list[Path]) -> None:
        if len(paths) > KEPT_FILES:
            for path in sorted(paths, key=lambda path: path.stat().st_mtime)[:-KEPT_FILES]:
                path.unlink(missing_ok=True)


def _kind(path: Path) -> str:
    # prometheus_client calls its files {}_{}.db, by kind and process.
    return path.stem.rpartition("_")[0]


def _ended(path: Path) -> bool:
    pid = path.stem.rpartition("_")[2]
    try:
        return pid.isdecimal() and pid != DEAD_PID and not running(int(pid))
    except (OverflowError, ValueError):
        return False
