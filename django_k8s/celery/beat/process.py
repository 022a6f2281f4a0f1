"""What every beat has besides its schedule: the lock, the heartbeat, the sampler of the queues, and the stop."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from celery.utils.log import get_logger

from django_k8s.celery.beat.lock import BeatLock
from django_k8s.celery.beat.outage import Outage
from django_k8s.celery.beat.queue_sampler import Sampler
from django_k8s.probe.heartbeat import Heartbeat, at_rest_seconds

logger = get_logger("django_k8s.beat")

STANDBY_SECONDS = 1.0  # between two attempts to take the lock
STOP_AGAIN_SECONDS = 3.0  # between two interruptions of what delays a stop
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


class BeatProcess:
    """The process of one beat.

    It begins with its first turn, because Celery also creates a scheduler for its banner only.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._heartbeat = Heartbeat("beat", "beat")
        self._every = at_rest_seconds()
        self._beaten: tuple[float, dict[str, object], float | None] = (0.0, {}, None)
        self._lock: BeatLock | None = None
        self._sampler: Sampler | None = None
        self._stopping = False
        self.outage = Outage(logger)
        self.failing: int | None = None  # how many entries are not scheduled or not published
        self.due: float | None = None  # the time of the next thing to do, in seconds since 1970

    @property
    def lock(self) -> BeatLock:
        """The lock of all beats."""
        if self._lock is None:
            self._lock = BeatLock()
        return self._lock

    def begin_turn(self) -> None:
        """Begin a turn: write the heartbeat if it is time. Raise SystemExit if the process was told to stop."""
        if self._sampler is None:
            self._sampler = Sampler(self._app)
            self._sampler.start()
            self._end_at_signals()
        if self._stopping:  # Python ignored the SystemExit of a signal, such as in a finalizer
            raise SystemExit
        self.beat()

    def beat(self) -> None:
        """Write the heartbeat if it is time, or if its content has changed."""
        fields = self.outage.fields()
        if self.failing is not None:
            fields["failing"] = self.failing
        due = self.due
        if self.outage.since:
            due = min(self.outage.since[0], due or self.outage.since[0])
        at, state, told_due = self._beaten
        now = time.monotonic()
        # A reported due time that has passed meanwhile would look late.
        moved = told_due is not None and told_due != due and told_due < time.time()
        if now - at < self._every and state == fields and not moved:
            return
        self._beaten = now, dict(fields), due
        self._heartbeat.write(**fields, **({} if due is None else {"due": due}))

    def wait(self, seconds: float) -> None:
        """Wait for ``seconds``, but not beyond the next heartbeat or the end of the lock's session."""
        self.lock.wait(max(0.0, min(seconds, self._every)))

    def close(self) -> None:
        """Stop the sampler and release the lock."""
        if self._stopping:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if self._sampler is not None:
            self._sampler.stop()
        if self._lock is not None:
            self._lock.release()

    def _end_at_signals(self) -> None:
        """Make SIGTERM and SIGINT end the loop only. Celery's service then closes the scheduler.

        Celery's handler closes the scheduler wherever the signal arrives. That may be inside a query, and then it waits
        forever for the connection that this query uses.

        One interruption is not enough. psycopg then asks the database to cancel the query and waits ten seconds for an
        answer, and Django connects again. So SIGALRM interrupts these as well, until the process closes.
        """

        def end(number: int, frame: object) -> None:
            self._stopping = True
            signal.setitimer(signal.ITIMER_REAL, STOP_AGAIN_SECONDS)
            raise SystemExit

        if threading.current_thread() is threading.main_thread():  # not if a worker embeds beat
            for stop in _STOPS:
                signal.signal(stop, end)


@contextlib.contextmanager
def defer_stop_signals() -> Iterator[None]:
    """Defer the signals of a stop, so that a stop never interrupts a publish.

    This replaces their handlers instead of blocking them. The kernel delivers a blocked signal to another thread, such
    as the sampler's, and Python then calls the handler in this thread anyway.
    """
    held: list[int] = []
    former: dict[signal.Signals, Callable[..., Any] | int | None] = {}
    if threading.current_thread() is threading.main_thread():  # another thread has no handlers to defer
        for stop in _STOPS:
            former[stop] = signal.signal(stop, lambda got, _: held.append(got))
    try:
        yield
    finally:
        for stop, handler in former.items():
            signal.signal(stop, handler or signal.SIG_DFL)
        for got in held:
            signal.raise_signal(got)
