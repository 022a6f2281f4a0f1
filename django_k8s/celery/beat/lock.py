"""The lock that lets one beat publish while others stand by."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

from celery.utils.log import get_logger
from django.db import DatabaseError, InterfaceError

from django_k8s.database.connections import direct_connection
from django_k8s.database.locks import Lock, session_lock

logger = get_logger("django_k8s.beat")

NAME = "beat"
SILENCE_SECONDS = 25  # as long as TCP keepalives take to notice a lost peer; beat asks every second


class BeatLock:
    """A session lock of the default database; it ends with its holder, so nothing has to expire."""

    def __init__(self) -> None:
        self._lock: Lock = session_lock(direct_connection(silence=SILENCE_SECONDS), NAME)
        self._holding = False
        self._complained = False

    def acquire(self) -> bool:
        """Take the lock unless this process has it. Return whether it has it now. Never raises."""
        if not self.held():
            self._holding = self._try()
        return self._holding

    def held(self) -> bool:
        """Return whether this process has the lock. Never raises."""
        if self._holding and not self._lock.held():
            self._holding = False
            logger.warning("beat: the lock is lost; nothing is published until it is back")
        return self._holding

    def release(self) -> None:
        """Give it back, so that a standby takes over at once."""
        self._holding = False
        self._lock.release()

    def _try(self) -> bool:
        try:
            acquired = self._lock.acquire()
        except (DatabaseError, InterfaceError, OSError) as error:
            if not self._complained:
                logger.warning("beat: the lock cannot be taken (%s); trying again", type(error).__name__)
            self._complained = True
            self._lock.release()
            return False
        self._complained = False
        if acquired:
            logger.info("beat: this process holds the lock and publishes")
        return acquired


@contextlib.contextmanager
def defer_stop_signals() -> Iterator[None]:
    """Hold SIGTERM and SIGINT back, so that a stop never comes in the middle of a publish.

    By their handlers and not by a mask: the kernel gives a signal that this thread blocks to another
    one, such as the sampler's, and Python then calls the handler in this one all the same.
    """
    held: list[int] = []
    former = {}
    if threading.current_thread() is threading.main_thread():  # no handler interrupts another
        for number in (signal.SIGTERM, signal.SIGINT):
            former[number] = signal.signal(number, lambda got, _: held.append(got))
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler or signal.SIG_DFL)
        for got in held:
            signal.raise_signal(got)
