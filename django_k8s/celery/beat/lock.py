"""The lock with which one beat publishes while others stand by."""

from __future__ import annotations

import select
import time
from typing import NoReturn

from celery.utils.log import get_logger
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError

from django_k8s.database.connections import direct_connection
from django_k8s.database.locks import Lock, session_lock

logger = get_logger("django_k8s.beat")

NAME = "beat"
SILENCE_SECONDS = 25  # as long as TCP keepalives need to notice a lost peer; beat asks more often
ASK_SECONDS = 10.0  # how often the server is asked when idle; the end of a session is noticed at once
BLIND_SECONDS = 1.0  # how often, if there is no socket to watch


class Unusable(BaseException):
    """The lock protects nothing at this address of the database. Only the launcher of the role catches this."""


class BeatLock:
    """A session lock of the default database. It ends with its holder, so nothing has to expire.

    ``error`` is the reason if the lock could not be tried.
    """

    def __init__(self) -> None:
        try:
            self._lock: Lock = session_lock(direct_connection(silence=SILENCE_SECONDS), NAME)
        except ImproperlyConfigured as error:
            self._refuse(error)
        self._holding = False
        self._asked = 0.0  # when the server last said that we hold it
        self.error: BaseException | None = None

    def acquire(self) -> bool:
        """Try to acquire the lock, unless this process has it. Return whether it has it now.

        Raise Unusable if the connection leads to a pooler, through which a lock does not work. Raise no other error.
        """
        if not self.held(ASK_SECONDS):
            self._holding = self._try()
        return self._holding

    def held(self, within: float = BLIND_SECONDS) -> bool:
        """Return whether this process has the lock, or had it less than ``within`` seconds ago in a session that lasts.

        Never raise an error.
        """
        fresh = time.monotonic() - self._asked < within
        if self._holding and not (fresh and not self._news(0)):
            self._holding = self._lock.held()
            self._asked = time.monotonic()
            if not self._holding:
                self._lock.release()  # a session that is broken is opened again
                logger.warning("beat: the lock is lost; nothing is published until it is back")
        return self._holding

    def wait(self, seconds: float) -> None:
        """Wait for ``seconds``, or until something happens in the session of the lock, such as its end."""
        if not self._holding:
            time.sleep(seconds)
        elif self._news(seconds):
            self._asked = 0.0

    def release(self) -> None:
        """Release it, so that a standby takes over at once."""
        self._holding = False
        self._lock.release()

    def _news(self, seconds: float) -> bool:
        """Wait until the server sends something. If this cannot be watched, wait at most until the next check."""
        number = self._lock.fileno()
        if number is None:
            blind = self._lock.remote and seconds >= BLIND_SECONDS
            time.sleep(BLIND_SECONDS if blind else seconds)
            return blind
        try:
            return bool(select.select([number], [], [], seconds)[0])
        except (OSError, ValueError):  # it was closed
            return True

    def _try(self) -> bool:
        try:
            acquired = self._lock.acquire()
        except ImproperlyConfigured as error:
            self._refuse(error)
        except (DatabaseError, InterfaceError, OSError) as error:
            self.error = error
            self._lock.release()
            return False
        self.error = None
        self._asked = time.monotonic()
        if acquired:
            logger.info("beat: this process holds the lock and publishes")
        return acquired

    @staticmethod
    def _refuse(error: ImproperlyConfigured) -> NoReturn:
        logger.critical("beat: %s", error)
        raise Unusable from None
