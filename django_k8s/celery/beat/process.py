"""What every beat has beside its schedule: the lock, the heartbeat, the sample of queues, and a stop."""

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
STOP_AGAIN_SECONDS = 3.0  # between two interruptions of what a stop waits for
_STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGALRM)


class BeatProcess:
    """The process of one beat; it begins with its first turn, since Celery makes a scheduler for its banner too."""

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
        """Give a sign of life. Ends the process if it was told to stop."""
        if self._sampler is None:
            self._sampler = Sampler(self._app)
            self._sampler.start()
            self._end_at_signals()
        if self._stopping:  # raised where Python ignores exceptions, such as in a finalizer
            raise SystemExit
        self.beat()

    def beat(self) -> None:
        """Write the heartbeat, if it is time or if there is news."""
        fields = self.outage.fields()
        if self.failing is not None:
            fields["failing"] = self.failing
        due = self.due
        if self.outage.since:
            due = min(self.outage.since[0], due or self.outage.since[0])
        at, state, told_due = self._beaten
        now = time.monotonic()
        # A due time that has passed since it was told would look late.
        moved = told_due is not None and told_due != due and told_due < time.time()
        if now - at < self._every and state == fields and not moved:
            return
        self._beaten = now, dict(fields), due
        self._heartbeat.write(**fields, **({} if due is None else {"due": due}))

    def wait(self, seconds: float) -> None:
        """Wait until there is something to do, or until the session of the lock ends."""
        self.lock.wait(max(0.0, min(seconds, self._every)))

    def close(self) -> None:
        """Give the lock back."""
        if self._stopping:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if self._sampler is not None:
            self._sampler.stop()
        if self._lock is not None:
            self._lock.release()

    def _end_at_signals(self) -> None:
        """Only end the loop at SIGTERM and SIGINT: Celery's service closes the scheduler on its way out.

        Celery's handler closes it where the signal meets it, which may be inside a query, and waits for
        ever for the connection that the query has in its hands.

        One interruption is not enough: psycopg then asks the database to cancel the query and waits ten seconds for
        one that is silent, and Django connects again. So SIGALRM interrupts that, too, until the process closes.
        """

        def end(number: int, frame: object) -> None:
            self._stopping = True
            signal.setitimer(signal.ITIMER_REAL, STOP_AGAIN_SECONDS)
            raise SystemExit

        if threading.current_thread() is threading.main_thread():  # not where a worker embeds beat
            for stop in _STOPS:
                signal.signal(stop, end)


@contextlib.contextmanager
def defer_stop_signals() -> Iterator[None]:
    """Hold the signals of a stop back, so that a stop never comes in the middle of a publish.

    By their handlers and not by a mask: the kernel gives a signal that this thread blocks to another
    one, such as the sampler's, and Python then calls the handler in this one all the same.
    """
    held: list[int] = []
    former: dict[signal.Signals, Callable[..., Any] | int | None] = {}
    if threading.current_thread() is threading.main_thread():  # no handler interrupts another
        for stop in _STOPS:
            former[stop] = signal.signal(stop, lambda got, _: held.append(got))
    try:
        yield
    finally:
        for stop, handler in former.items():
            signal.signal(stop, handler or signal.SIG_DFL)
        for got in held:
            signal.raise_signal(got)
