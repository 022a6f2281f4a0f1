"""Limit the space for the request bodies of all clients at the same time.

A limit for each body does not protect a pod. Django stores a large body in a file, so a few clients that send the
largest possible one fill /tmp, and the kubelet evicts the pod. Under ASGI, where clients occupy no thread, many clients
that send smaller bodies fill the memory.
"""

from __future__ import annotations

import mmap
import threading

from django_k8s.gunicorn.limits import limits

# Django stores a larger body in a file: FILE_UPLOAD_MAX_MEMORY_SIZE, if the project does not set it.
STORED_BYTES = 2_621_440
# Every form and login is smaller. Even a thousand such bodies do no harm.
SMALL_BYTES = 65_536
# For bodies in memory, in all processes of a pod. The chart gives web 512 MiB.
MEMORY_BYTES = 128 << 20

_PROCESSES = 256  # in one pod; further ones share the last place


class Room:
    """A counter of bytes that all processes of the web role share.

    It is created before they are forked. Each process writes only to its own place, so there is no lock between processes, and
    the place of a killed process can be cleared.
    """

    def __init__(self) -> None:
        self._shared = memoryview(mmap.mmap(-1, 8 * _PROCESSES)).cast("q")
        self._lock = threading.Lock()
        self._place = 0

    def settle(self, place: int) -> None:
        """Let the process that is forked next write to this place."""
        self._place = min(place, _PROCESSES - 1)
        self.clear(place)

    def clear(self, place: int) -> None:
        """Clear the place of a process that has ended."""
        self._shared[min(place, _PROCESSES - 1)] = 0

    @property
    def taken(self) -> int:
        """Return the number of bytes that are taken in all processes."""
        return sum(self._shared)

    def take(self, number: int, limit: int) -> bool:
        """Take ``number`` bytes and return True. If more than ``limit`` would be taken, return False. 0 means no limit."""
        with self._lock:
            if limit and number > 0 and self.taken + number > limit:
                return False
            self._shared[self._place] += number
            return True


stored, in_memory = Room(), Room()
_places: dict[int, int] = {}  # by the age of the process; in the master


def settle(age: int) -> None:
    """Give the next forked process a place. ``age`` identifies the process. Call this in the master."""
    place = next(place for place in range(len(_places) + 1) if place not in _places.values())
    _places[age] = place
    for room in (stored, in_memory):
        room.settle(place)


def leave(age: int) -> None:
    """Release what an ended process held. Call this in the master."""
    place = _places.pop(age, None)
    if place is not None:
        for room in (stored, in_memory):
            room.clear(place)


class Share:
    """The room of one request body. ``length`` is the length that its client announces, or 0.

    A large body gets its room before it is read, so no upload fails in the middle because others have begun.
    """

    def __init__(self, length: int) -> None:
        self._limits = limits()
        self._announced = length * self._limits.copies if length > STORED_BYTES else 0
        self._received = self._stored = self._in_memory = 0

    def begin(self) -> bool:
        """Take room for the announced length. Return whether there was enough."""
        return self._hold(self._announced, 0)

    def add(self, number: int) -> bool:
        """Note that ``number`` bytes have arrived. Return whether there was room for them."""
        self._received += number
        in_file = self._received > STORED_BYTES
        # A large body is in memory too, until Django moves it to a file.
        waits = self._received > SMALL_BYTES and not in_file
        return self._hold(
            self._announced or (self._received * self._limits.copies if in_file else 0),
            self._received if waits else 0,
        )

    def release(self) -> None:
        """Release everything."""
        self._hold(0, 0)

    def _hold(self, in_file: int, waiting: int) -> bool:
        if not self._limits.uploads:
            return True
        if not in_memory.take(waiting - self._in_memory, MEMORY_BYTES):
            return False
        self._in_memory = waiting
        if not stored.take(in_file - self._stored, self._limits.uploads):
            return False
        self._stored = in_file
        return True
