"""The state directory: the files through which the processes of a role communicate.

Each role has its own directory, ``STATE_DIR/ROLE``. Only this module knows the file names.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from pathlib import Path

from django_k8s.environment import startup

HEARTBEAT_SUFFIX = ".heartbeat"  # one file per loop
METRICS = "metrics"  # prometheus_client's files, one per process and kind
QUEUES = "queues.json"  # beat's last sample of the queues
ASKED = "asked"  # when that was last requested
SCRAPED = "scraped"  # when the metrics were last read

MAX_BYTES = 1 << 20  # the largest file that is read
# Errors of a disk that cannot be written although the configuration is right.
DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


def role_directory(role: str) -> Path:
    """Return the directory of ``role``, which may not exist yet."""
    return Path(startup.env().str("STATE_DIR")) / role


def clear(role: str) -> None:
    """Remove the files of an earlier container of the same pod, because an emptyDir outlives its containers.

    Metrics start from zero again, as the processes do. Never raise an exception.
    """
    directory = role_directory(role)
    for pattern in (
        f"*{HEARTBEAT_SUFFIX}",
        f".*{HEARTBEAT_SUFFIX}.*",
        QUEUES,
        ASKED,
        SCRAPED,
        f"{METRICS}/*",
    ):
        for path in directory.glob(pattern):
            with contextlib.suppress(OSError):
                path.unlink()


def read(path: Path) -> str:
    """Return the text of a file.

    Raise OSError unless it is a regular file of at most MAX_BYTES. (Reading a pipe would wait forever.) Raise ValueError
    if it is not UTF-8.
    """
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_BYTES:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), str(path))
        return os.read(file, status.st_size).decode()
    finally:
        os.close(file)


def replace(path: Path, text: str) -> None:
    """Write a file, and create its directories. Readers see either the old text or the new one, never a part.

    Raise OSError if that fails, and leave no draft behind.
    """
    # The process id keeps the drafts of two writers apart.
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        try:
            draft.write_text(text)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(text)
        draft.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            draft.unlink()
        raise


def overwrite(path: Path, text: str) -> None:
    """Overwrite a file in place, which works on a full disk. Readers may see a part of the text.

    Raise OSError if that fails, for example if the file does not exist.
    """
    file = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        data = text.encode().ljust(os.fstat(file).st_size)
        if os.pwrite(file, data, 0) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
    finally:
        os.close(file)
