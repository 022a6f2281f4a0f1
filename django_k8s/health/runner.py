"""Run the checks in parallel, under one deadline that holds whatever a check does.

Each check runs in its own daemon thread, and callers wait no longer than the deadline. So a check that hangs blocks
only its thread. While it hangs, no second thread is started for it, so even an outage of hours needs only one thread
per check. Callers at the same time share one run, and its results are kept for a few seconds.

django-health-check is not used because its timeouts do not hold under WSGI.
"""

from __future__ import annotations

import logging
import os
import threading
import time
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping
from concurrent.futures import wait
from dataclasses import replace

from django_k8s import conf
from django_k8s.health import make_checks
from django_k8s.health.check_threads import CheckThread, SharedFlags, SharedRun
from django_k8s.health.results import Check, Report, Result, checked

logger = logging.getLogger("django_k8s.health")

# How long readiness does not repeat a check that has passed and is no longer required. Each check of a database is a
# login, which is most of the work of an idle pod.
REST_SECONDS = 30.0


class CheckRunner:
    """The checks of one process.

    ``timeout``: seconds until the deadline of one run. ``keep``: seconds for which results are used
    again. ``latched``: names of checks that are required until they have passed once; from then on
    they only show in the report. ``log`` gets a line when a check begins to fail and when it passes
    again.
    """

    def __init__(
        self,
        checks: Mapping[str, Check],
        timeout: float,
        keep: float,
        latched: Collection[str] = (),
        log: Callable[..., None] = logger.warning,
    ) -> None:
        self._checks = dict(checks)
        self._timeout, self._keep = timeout, keep
        self._latched = frozenset(latched)
        self._write = log
        self._passed = SharedFlags(self._checks)
        self.reset()
        _runners.add(self)

    @classmethod
    def configured(cls) -> CheckRunner:
        """Return a runner of READINESS_CHECKS, configured by the other READINESS variables."""
        config = conf.current()
        found = make_checks(config.readiness_checks)
        databases = {name for name in found if name.partition(":")[0] == "database"}
        return cls(
            found,
            config.readiness_timeout_seconds,
            config.readiness_cache_seconds,
            databases if config.readiness_database == "latched" else (),
        )

    def reset(self) -> None:
        """Forget the runs, but not which checks have passed."""
        self._lock = threading.Lock()
        self._run: SharedRun | None = None
        self._resting: set[str] = set()  # results that the run took from an earlier one
        self._failing: set[str] = set()

    def ready(self, limit: float | None = None) -> bool:
        """Return whether every required check passes.

        Wait for those checks only, until the deadline, and for ``limit`` seconds at most.
        """
        required, run = self._required(), self._current()
        wait(run.futures(required), run.within(limit))
        return self._report(run).ready

    async def aready(self, limit: float | None = None) -> bool:
        """Do the same as :meth:`ready`, in an event loop."""
        required, run = self._required(), self._current()
        await run.settle(required, run.within(limit))
        return self._report(run).ready

    def report(self, limit: float | None = None) -> Report:
        """Return the results of all checks. Wait for them until the deadline, and at most ``limit`` seconds."""
        run = self._current(whole=True)
        wait(run.futures(self._checks), run.within(limit))
        return self._report(run)

    async def areport(self, limit: float | None = None) -> Report:
        """Do the same as :meth:`report`, in an event loop."""
        run = self._current(whole=True)
        await run.settle(self._checks, run.within(limit))
        return self._report(run)

    def _current(self, *, whole: bool = False) -> SharedRun:
        """Return a current run. A ``whole`` one includes checks that readiness may skip."""
        with self._lock:
            if self._run is None or self._run.expired(self._keep) or (whole and self._resting):
                self._run = SharedRun(self._threads(whole=whole), self._timeout)
            return self._run

    def _threads(self, *, whole: bool) -> dict[str, CheckThread]:
        former = self._run.threads if self._run else {}
        hanging = {name for name, thread in former.items() if not thread.future.done()}
        self._resting = {name for name, thread in former.items() if not whole and self._rests(name, thread)}
        reused = hanging | self._resting
        return {
            name: former[name] if name in reused else CheckThread(name, check, self._timeout, self._ended)
            for name, check in self._checks.items()
            if not (getattr(check, "once", False) and name in self._passed)
        }

    def _rests(self, name: str, thread: CheckThread) -> bool:
        """Return whether a check may be skipped, because nobody has to know at once that it fails."""
        if name not in self._latched or thread.ended_at is None or not thread.future.done():
            return False
        return thread.future.result().ok and time.monotonic() - thread.ended_at <= REST_SECONDS

    def _required(self) -> Iterable[str]:
        return [name for name in self._checks if not (name in self._latched and name in self._passed)]

    def _report(self, run: SharedRun) -> Report:
        required = self._required()
        results = [self._result(run, name) for name in self._checks]
        return Report(tuple(replace(result, required=result.name in required) for result in results))

    def _result(self, run: SharedRun, name: str) -> Result:
        thread = run.threads.get(name)
        if thread is None:
            return Result(name, True, "passed before", "", 0.0)
        if thread.future.done():
            return thread.future.result()
        message = f"no answer within {self._timeout:g} s"
        result = Result(name, False, message, message, thread.seconds)
        if not run.remaining:
            self._log(name, message)
            checked.send(sender=CheckRunner, result=result)
        return result

    def _ended(self, result: Result) -> None:
        if result.ok:
            self._passed.add(result.name)
        checked.send(sender=CheckRunner, result=result)
        self._log(result.name, result.detail)

    def _log(self, name: str, problem: str) -> None:
        """Log one line when a check begins to fail, and one when it passes again, however often it runs."""
        if problem and name not in self._failing:
            self._failing.add(name)
            self._write("health check %s fails: %s", name, problem)
        elif not problem and name in self._failing:
            self._failing.discard(name)
            self._write("health check %s passes again", name)


_runners: weakref.WeakSet[CheckRunner] = weakref.WeakSet()


def _forked() -> None:
    for runner in _runners:
        runner.reset()


# A forked child does not have the threads and locks of its parent.
os.register_at_fork(after_in_child=_forked)
