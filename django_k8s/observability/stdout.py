"""Complete lines on standard output, no matter who writes them.

With LOG_FORMAT=json a process writes JSON objects: log records by :class:`Handler`; uncaught exceptions,
warnings and what is printed to standard error by :func:`install`. What is printed to standard output stays as
it is, unless LOG_STDOUT asks for JSON.

The processes of a role share one pipe, in which only short writes are atomic, so each line is written under a lock.
Without the lock, the tracebacks of two processes could mix, and neither would be JSON.
"""

from __future__ import annotations

import fcntl
import io
import logging
import os
import sys
import threading
from typing import Any

from django_k8s.environment.env import Env
from django_k8s.observability.formatters import formatter

STDOUT = 1

_lock = threading.RLock()  # between threads; re-entrant, since signal handlers write too
_file: Any = None  # between processes; see _share


def write(line: str) -> None:
    """Write one line to standard output so that no other thread or process gets in between.

    A pipe keeps only short writes whole, and the processes of a role share theirs. Never raises.
    """
    data = f"{line}\n".encode("utf-8", "backslashreplace")
    with _lock:
        if _file is not None:
            fcntl.lockf(_file, fcntl.LOCK_EX)
        try:
            while data:
                data = data[os.write(STDOUT, data) :]
        except OSError:
            pass  # the reader is gone; logging must not end the process
        finally:
            if _file is not None:
                fcntl.lockf(_file, fcntl.LOCK_UN)


def _share() -> None:
    """Create the lock that forked processes inherit. A record lock belongs to one process, and ends with it."""
    global _file
    import tempfile  # the listener works without it

    try:
        _file = tempfile.TemporaryFile()  # noqa: SIM115 - open as long as the process
    except OSError:
        _file = None  # there is no writable directory, so long lines of several processes may mix


def _forked() -> None:
    global _lock
    _lock = threading.RLock()  # another thread of the parent may hold it


os.register_at_fork(after_in_child=_forked)


class Handler(logging.Handler):
    """Write each record as one line to standard output."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write ``record``."""
        try:
            write(self.format(record))
        except Exception:
            self.handleError(record)


class Lines(io.TextIOBase):
    """Replace a text stream, and turn each printed line into a log record.

    ``stream`` is the stream that is replaced. ``name`` and ``level`` are those of the records.
    """

    encoding = "utf-8"
    errors = "backslashreplace"

    def __init__(self, stream: Any, name: str, level: int, form: logging.Formatter) -> None:
        self._stream, self._name, self._level, self._form = stream, name, level, form
        self._begun = threading.local()  # the parts of a line that each thread has printed

    def write(self, text: str) -> int:
        """Print ``text``. What follows its last line end is kept until the rest of the line is printed."""
        begun: list[str] | None = getattr(self._begun, "parts", None)
        if begun is None:
            begun = self._begun.parts = []
        # A list of parts, because a line that is printed letter by letter would otherwise be copied for each letter.
        first, *others = text.split("\n")
        begun.append(first)
        if others:
            whole = ["".join(begun), *others[:-1]]
            begun[:] = others[-1:]
            for line in whole:
                self._emit(line)
        return len(text)

    def finish(self) -> None:
        """Print the last line, if it has no line end yet."""
        self.write("\n")

    def _emit(self, line: str) -> None:
        if line.strip():
            record = logging.LogRecord(self._name, self._level, "", 0, line.rstrip("\r"), None, None)
            write(self._form.format(record))

    @property
    def buffer(self) -> Any:
        """The buffer of the replaced stream: bytes are written unchanged."""
        return self._stream.buffer

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return False, so that programs do not colour their lines."""
        return False

    def fileno(self) -> int:
        """Return the file descriptor of the replaced stream, for passing it to a child process."""
        number: int = self._stream.fileno()
        return number


def install(env: Env, *, stdout: bool) -> None:
    """From now on, write uncaught exceptions, warnings and standard error as JSON, in forked processes too.

    With ``stdout``, do the same for what is printed to standard output. Calling it again has no effect.
    """
    if isinstance(sys.stderr, Lines):
        return
    import atexit

    _share()
    form = formatter(env)
    sys.stderr = complained = Lines(sys.stderr, "stderr", logging.WARNING, form)
    atexit.register(complained.finish)
    if stdout:
        sys.stdout = printed = Lines(sys.stdout, "stdout", logging.INFO, form)
        atexit.register(printed.finish)

    def write_uncaught(kind: Any, error: Any, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        record = logging.LogRecord(
            "python", logging.CRITICAL, "", 0, "uncaught exception", None, (kind, error, trace)
        )
        write(form.format(record))

    sys.excepthook = write_uncaught
    threading.excepthook = lambda args: write_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    sys.unraisablehook = lambda args: write_uncaught(args.exc_type, args.exc_value, args.exc_traceback)
    # On standard error, a warning has two lines. As a record, it has one.
    logging.captureWarnings(True)
    logging.lastResort = Handler(logging.WARNING)
    logging.lastResort.setFormatter(form)
