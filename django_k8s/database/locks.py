"""A lock that ends with the session that holds it, so that nothing has to expire after a kill -9."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import logging
import os
from pathlib import Path
from typing import Any, Protocol

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError
from django.db.backends.base.base import BaseDatabaseWrapper

logger = logging.getLogger("django_k8s.locks")

POOLER = (
    "The address of the database leads to a pooler in transaction mode, such as PgBouncer. Its clients "
    "share sessions, so a session lock protects nothing. Set DATABASE_DIRECT_URL to the address of the "
    "database itself,"
    " postgres://user:password@host:5432/name, and DATABASE_PGBOUNCER to true."
)
_LOOKS = 5  # how often two sessions are compared, because other clients may use one in between


class Lock(Protocol):
    """A lock that one process holds at a time."""

    remote: bool  # whether it belongs to a session of a server, which can end

    def acquire(self) -> bool:
        """Try once, without waiting, and return whether this session now holds the lock.

        Raise ImproperlyConfigured if the session belongs to a pooler, and other clients share it.
        """
        ...

    def fileno(self) -> int | None:
        """Return the socket of the session, which becomes readable when the session ends, or None if there is none."""
        ...

    def held(self) -> bool:
        """Return whether this session still holds it. Never raise an error, and never reconnect."""
        ...

    def release(self) -> None:
        """Release it without waiting for the server, by ending the session that holds it."""
        ...


def session_lock(connection: BaseDatabaseWrapper, name: str) -> Lock:
    """Return the lock ``name`` in the database of ``connection``, as reliable as this database allows.

    PostgreSQL: an advisory lock. MySQL and MariaDB: GET_LOCK. SQLite: a lock on a file beside the database. Any other
    database has none. Then the lock is always free, and a warning says that the operator must run only one process at
    a time.
    """
    kinds: dict[str, type[NoLock]] = {"postgresql": AdvisoryLock, "mysql": UserLevelLock, "sqlite": FileLock}
    if connection.vendor not in kinds:
        logger.warning(
            "%s: there is no session lock on %s; run only one process at a time", name, connection.vendor
        )
    return kinds.get(connection.vendor, NoLock)(connection, name)


class NoLock:
    """No lock: everybody who asks gets it. It is also the base class of the real locks."""

    remote = False

    def __init__(self, connection: BaseDatabaseWrapper, name: str) -> None:
        self.connection = connection
        self.name = f"django_k8s.{name}"

    def acquire(self) -> bool:
        return True

    def fileno(self) -> int | None:
        return None

    def held(self) -> bool:
        return True

    def release(self) -> None:
        pass


class SessionLock(NoLock):
    """A lock that the server holds for the session of ``connection``."""

    remote = True
    try_lock = is_held = ""

    def fileno(self) -> int | None:
        # The sessions of psycopg and mysqlclient have one, those of PyMySQL do not.
        number = getattr(self.connection.connection, "fileno", None)
        try:
            return int(number()) if number else None
        except Exception:  # drivers raise different errors after the session has ended
            return None

    def acquire(self) -> bool:
        return self._ask(self.try_lock)

    def held(self) -> bool:
        if self.connection.connection is None:
            return False
        try:
            return self._ask(self.is_held)
        except (DatabaseError, InterfaceError):
            return False

    def release(self) -> None:
        # Ending the session releases the lock. A silent server would never answer an unlock.
        with contextlib.suppress(DatabaseError, InterfaceError):
            self.connection.close()

    def _ask(self, query: str) -> bool:
        with self.connection.cursor() as cursor:
            cursor.execute(query, {"key": self.key()})
            row = cursor.fetchone()
        return bool(row and row[0])

    def key(self) -> int | str:
        raise NotImplementedError


class AdvisoryLock(SessionLock):
    """PostgreSQL's advisory lock of a session. It is only tried, never waited for.

    A session that waits in pg_advisory_lock holds a snapshot. CREATE INDEX CONCURRENTLY, run by the holder of the
    lock, waits for this snapshot, so neither would ever end.
    """

    _known: object = None  # the session that was checked
    try_lock = "SELECT pg_try_advisory_lock(%(key)s)"
    is_held = (
        "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid()"
        " AND ((classid::bigint << 32) | objid::bigint) = %(key)s)"
    )

    def acquire(self) -> bool:
        """Do the same as the base class, after checking whose session it is."""
        self.connection.ensure_connection()
        if self.connection.connection is not self._known:
            self._refuse_pooler()
            self._known = self.connection.connection
        return super().acquire()

    def _refuse_pooler(self) -> None:
        """Raise ImproperlyConfigured if statements of this connection and of others run in one session of the server.

        A pooler reports its own process ids to clients. This alone is harmless: if each client keeps a session as
        long as it is connected, the lock works. So a second connection is opened, and both are asked in turn.
        """
        told = _told_pid(self.connection.connection)
        if told is None or self._pid() == told:
            return
        other = type(self)(self.connection.copy(), self.name)
        other.connection.settings_dict["OPTIONS"] = {
            **self.connection.settings_dict["OPTIONS"],
            "connect_timeout": 5,
        }
        ours: set[int] = set()
        others: set[int] = set()
        try:
            for _ in range(_LOOKS):
                ours.add(self._pid())
                others.add(other._pid())
        except DatabaseError:
            if not others:  # there is no free session for it, so each client has its own
                return
            raise
        finally:
            other.release()
        if len(ours) > 1 or ours & others:
            self.release()
            raise ImproperlyConfigured(POOLER)

    def _pid(self) -> int:
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        return int(pid)

    def key(self) -> int:
        """Return a number that only this name has. Advisory locks of other databases do not conflict with it."""
        return int.from_bytes(hashlib.sha256(self.name.encode()).digest()[:8], "big", signed=True)


class UserLevelLock(SessionLock):
    """GET_LOCK of MySQL and MariaDB. Its names apply to the whole server, so they contain the database."""

    try_lock = "SELECT GET_LOCK(%(key)s, 0)"
    is_held = "SELECT IS_USED_LOCK(%(key)s) = CONNECTION_ID()"

    def key(self) -> str:
        """Return a name of at most 64 characters, which is MySQL's limit."""
        whole = f"{self.name}/{self.connection.settings_dict['NAME']}"
        return f"{self.name[:31]}.{hashlib.sha256(whole.encode()).hexdigest()[:32]}"


class FileLock(NoLock):
    """The kernel's lock on the file ``DATABASE.NAME.lock``. For a database in memory, there is no lock.

    The holder removes the file when it releases the lock, so that it does not stay in the project.
    """

    _file: int | None = None

    @property
    def _path(self) -> Path | None:
        database = str(self.connection.settings_dict["NAME"])
        if database == ":memory:" or "mode=memory" in database:
            return None
        return Path(f"{database.removeprefix('file:').partition('?')[0]}.{self.name}.lock")

    def acquire(self) -> bool:
        path = self._path
        if self._file is not None or path is None:
            return True
        while True:
            file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o660)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(file)
                return False
            if _is_at(file, path):
                self._file = file
                return True
            # The last holder removed the file between our open and our lock, so nobody else would see our lock.
            os.close(file)

    def held(self) -> bool:
        return self._file is not None

    def release(self) -> None:
        if self._file is not None and self._path is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            os.close(self._file)
            self._file = None


def _told_pid(session: Any) -> int | None:
    """Return the process id that the server, or a pooler in front of it, has reported to the client."""
    return getattr(getattr(session, "info", None), "backend_pid", None)


def _is_at(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False
