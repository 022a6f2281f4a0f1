"""The file in which a process keeps its metrics, and from which the probe listener reads them.

prometheus_client writes them to memory that is mapped to a sparse file. If the disk is full, the kernel answers such
a write with SIGBUS, which ends the process with all its requests. So this module reserves space on the disk first. If
there is none, the values stay in memory until there is.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import mmap
import os
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

from django_k8s.observability.once_a_minute import OnceAMinute

logger = logging.getLogger("django_k8s.metrics")

CHECK_SECONDS = 1.0  # how often a process checks its file
SIZE = 16384  # bytes, to begin with
_ENTRY = 28  # bytes of an entry beside its key, at most

_reports = OnceAMinute()


def install() -> None:
    """Let prometheus_client use these files, for metrics of the project too. Calling it again has no effect."""
    # prometheus_client looks up the class by this name whenever a process opens a file.
    values.MmapedDict = MetricsFile  # type: ignore[attr-defined, assignment]


def report(error: BaseException) -> None:
    """Log that metrics cannot be written, at most once a minute in each process. Never raise an error."""
    if not _reports.is_due():
        return
    # Logged in a thread, because prometheus_client holds its lock here, and a project may count log lines.
    with contextlib.suppress(RuntimeError):
        threading.Thread(
            target=logger.warning,
            args=(
                "Metrics cannot be written (%s). They are kept in memory until there is room in STATE_DIR.",
                (isinstance(error, OSError) and error.strerror) or type(error).__name__,
            ),
            daemon=True,
        ).start()


class ReservedFile(MmapedDict):
    """prometheus_client's file, whose space is reserved before it is used.

    Raise OSError if there is no space. The existing values are still complete, and can be changed.
    """

    if TYPE_CHECKING:  # the used part, with types
        _used: int
        _positions: dict[str, int]

        def read_value(self, key: str) -> tuple[float, float]: ...
        def read_all_values(self) -> Iterator[tuple[str, float, float]]: ...
        def write_value(self, key: str, value: float, timestamp: float) -> None: ...
        def close(self) -> None: ...

    def __init__(self, path: Path) -> None:
        _make(path)
        super().__init__(str(path))  # type: ignore[no-untyped-call]
        self._path = path
        if not 8 <= self._used <= self._capacity:
            raise ValueError("no file of prometheus_client")

    def __contains__(self, key: str) -> bool:
        return key in self._positions

    def reserve(self, keys: Iterable[str]) -> None:
        """Reserve space for ``keys``, so that writing their values cannot fail."""
        needed = self._used + sum(len(key.encode()) + _ENTRY for key in keys if key not in self)
        size = self._capacity
        while size < needed:
            size *= 2
        if size > self._capacity:
            _allocate(self._f.fileno(), self._capacity, size - self._capacity)
            self._m = mmap.mmap(self._f.fileno(), size)
            self._capacity = size

    def values(self) -> dict[str, tuple[float, float]]:
        """Return each value with its time, by its key."""
        return {key: (value, at) for key, value, at in self.read_all_values()}

    def write_values(self, found: Mapping[str, tuple[float, float]]) -> None:
        """Write the :meth:`values` of another file: all of them, or none if there is no space."""
        self.reserve(found)
        for key, value in found.items():
            self.write_value(key, *value)

    def check(self) -> None:
        """Raise OSError if nobody reads this file anymore, or if the disk has become read-only."""
        own, there = os.fstat(self._f.fileno()), self._path.stat()
        if (own.st_dev, own.st_ino) != (there.st_dev, there.st_ino):
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if os.fstatvfs(self._f.fileno()).f_flag & os.ST_RDONLY:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    def _init_value(self, key: str) -> None:
        self.reserve([key])
        super()._init_value(key)  # type: ignore[no-untyped-call]


class MetricsFile:
    """The values of one kind of metrics in one process: in a file, or in memory while the disk refuses it.

    It has the methods of MmapedDict that a metric uses. None of them raises.
    """

    def __init__(self, filename: str) -> None:
        self._path = Path(filename)
        self._file: ReservedFile | None = None
        self._kept: dict[str, tuple[float, float]] = {}  # values that are not in the file
        self._check()

    def read_value(self, key: str) -> tuple[float, float]:
        """Return the value and its time, both 0 if there is none yet."""
        if self._file is not None and key not in self._kept:
            try:
                return self._file.read_value(key)
            except Exception as error:
                report(error)
        return self._kept.setdefault(key, (0.0, 0.0))

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        """Set the value."""
        if time.monotonic() > self._next_check:
            self._check()
        if self._file is not None and key not in self._kept:
            try:
                self._file.write_value(key, value, timestamp)
                return
            except Exception as error:
                report(error)
        self._kept[key] = (value, timestamp)

    def close(self) -> None:
        """Close the file, because this process has been forked and gets its own."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def _check(self) -> None:
        """Check whether the file still exists, and write what could not be written before."""
        self._next_check = time.monotonic() + CHECK_SECONDS
        try:
            if self._file is not None:
                self._check_file(self._file)
            if self._file is None:
                self._file = ReservedFile(self._path)
            if self._kept:
                self._file.write_values(self._kept)
                self._kept = {}
        except Exception as error:
            report(error)

    def _check_file(self, file: ReservedFile) -> None:
        try:
            file.check()
        except OSError as error:
            self._kept = file.values() | self._kept
            self.close()
            if not isinstance(error, FileNotFoundError):
                raise


def _make(path: Path) -> None:
    """Create the file if it does not exist. Readers never see one whose space is not reserved."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size:
            return
    draft = path.with_suffix(".draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            _allocate(file.fileno(), 0, SIZE)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def _allocate(file: int, start: int, length: int) -> None:
    """Reserve space at the end of a file, from ``start`` on."""
    try:
        os.posix_fallocate(file, start, length)
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EINVAL, errno.ENOSYS):
            raise
        # The file system cannot reserve space, but written bytes have theirs.
        if os.write(file, bytes(length)) < length:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
