"""The runner: one deadline that always holds, one thread for each check that hangs, one run for all callers."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections
from support.databases import default_database
from support.patience import Limit, patience
from support.process import wait_until

from django_k8s.health import Check, Unhealthy
from django_k8s.health.runner import CheckRunner


class Counted:
    """A check that counts its calls and does what it was told."""

    def __init__(self, act: Callable[[], object] = lambda: None) -> None:
        self.calls = 0
        self._act = act

    def __call__(self, timeout: float) -> None:
        self.calls += 1
        self._act()


class Hanging(Counted):
    """A check that hangs until it is let go."""

    def __init__(self) -> None:
        self.go = threading.Event()
        super().__init__(self.go.wait)


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    check = Hanging()
    yield check
    check.go.set()


def fail(text: str = "away") -> Check:
    def check(timeout: float) -> None:
        raise Unhealthy(text)

    return check


def threads(name: str) -> int:
    return sum(thread.name == f"health-{name}" for thread in threading.enumerate())


def test_checks_run_side_by_side() -> None:
    """Five checks of which each waits for all the others pass."""
    together = threading.Barrier(5)
    runner = CheckRunner({str(n): Counted(lambda: together.wait(20)) for n in range(5)}, timeout=30, keep=0)

    assert runner.ready()


def test_deadline_holds_with_a_hanging_check(hanging: Hanging) -> None:
    """A check that hangs fails at the deadline; the others have their results."""
    runner = CheckRunner({"hangs": hanging, "well": Counted()}, timeout=0.3, keep=0)
    began = time.monotonic()
    report = runner.report()

    assert 0.3 <= time.monotonic() - began < patience(1, below=3)
    hangs, well = report.results
    assert (hangs.ok, hangs.message) == (False, "no answer within 0.3 s")
    assert well.ok
    assert not report.ready


def test_deadline_holds_in_an_event_loop(hanging: Hanging) -> None:
    """The deadline holds with await, and the event loop keeps running."""
    runner = CheckRunner({"hangs": hanging}, timeout=0.3, keep=0)

    async def ask() -> tuple[bool, float, int]:
        turns = 0

        async def turn() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.01)
                turns += 1

        turning = asyncio.create_task(turn())
        began = time.monotonic()
        ready = await runner.aready()
        turning.cancel()
        return ready, time.monotonic() - began, turns

    ready, seconds, turns = asyncio.run(ask())
    assert not ready
    assert 0.3 <= seconds < patience(1, below=3)
    assert turns > 5


def test_callers_who_gave_up_leave_nothing_behind(hanging: Hanging) -> None:
    """A thousand callers in an event loop during an outage are not remembered by the check that hangs."""
    runner = CheckRunner({"hangs": hanging}, timeout=0.05, keep=0)

    async def ask() -> None:
        for _ in range(10):
            assert not any(await asyncio.gather(*(runner.aready() for _ in range(100))))

    asyncio.run(ask())
    assert runner._run
    assert len(runner._run.threads["hangs"].future._done_callbacks) <= 1  # type: ignore[attr-defined]
    # The next event loop gets its answer.
    threading.Timer(0.1, hanging.go.set).start()
    runner = CheckRunner({"hangs": hanging}, timeout=5, keep=0)
    assert asyncio.run(runner.aready())


def test_hanging_check_gets_no_second_thread(hanging: Hanging) -> None:
    """A hundred questions during an outage take one thread; when it is over, none is left."""
    runner = CheckRunner({"hangs": hanging}, timeout=0.01, keep=0)
    for _ in range(100):
        assert not runner.ready()
        time.sleep(0.001)

    assert threads("hangs") == 1
    assert hanging.calls == 1
    hanging.go.set()
    wait_until(runner.ready, 5, "ready again")
    wait_until(lambda: threads("hangs") == 0, 5, "the end of the threads")


def test_late_answer_counts_for_the_next_run(hanging: Hanging) -> None:
    """A check left over from an earlier run is waited for by the next one, not started beside it."""
    runner = CheckRunner({"hangs": hanging}, timeout=patience(0.5), keep=0)
    assert not runner.ready()
    threading.Timer(0.1, hanging.go.set).start()

    assert runner.ready()
    assert hanging.calls == 1


def test_callers_of_one_moment_share_a_run() -> None:
    """Twenty callers at once ask the dependency once."""
    check = Counted(lambda: time.sleep(0.2))
    runner = CheckRunner({"shared": check}, timeout=30, keep=30)
    with ThreadPoolExecutor(20) as pool:
        assert all(pool.map(lambda _: runner.ready(), range(20)))

    assert check.calls == 1


def test_results_are_kept_for_a_while() -> None:
    """Within ``keep`` seconds the dependency is not asked again, after them it is."""
    check = Counted()
    keep = patience(0.5)
    runner = CheckRunner({"kept": check}, timeout=5, keep=keep)
    for _ in range(10):
        assert runner.ready()
    assert check.calls == 1
    time.sleep(keep)
    assert runner.ready()
    assert check.calls == 2


def test_failure_is_kept_no_longer_than_success(hanging: Hanging) -> None:
    """After a run that ended by its deadline the next one begins ``keep`` seconds later, not another deadline."""

    def check(timeout: float) -> None:
        if not hanging.go.is_set():
            hanging(timeout)
            raise Unhealthy("away")

    runner = CheckRunner({"own": check}, timeout=3, keep=0.2)
    assert not runner.ready()
    hanging.go.set()

    wait_until(runner.ready, 1, "ready again", below=3)


def test_latched_check_is_required_until_it_passed() -> None:
    """Before it passed once its failure counts; after that it is reported and not waited for."""
    well, over = threading.Event(), threading.Event()
    failures = []

    def check(timeout: float) -> None:
        if not well.is_set():
            over.wait(20)
            failures.append(timeout)
            raise Unhealthy("away")

    runner = CheckRunner({"database": check}, timeout=30, keep=0, latched={"database"})
    over.set()
    assert not runner.ready()
    well.set()
    assert runner.ready()
    well.clear()
    over.clear()
    assert runner.ready()
    assert len(failures) == 1, "the answer came when the check had ended"
    over.set()
    report = runner.report()
    assert report.ready
    assert report.status == "degraded"
    assert (report.results[0].ok, report.results[0].message, report.results[0].required) == (
        False,
        "away",
        False,
    )


def test_latched_check_rests_once_it_passed() -> None:
    """Readiness does not ask again for a while. The report does, and so does readiness after a failure."""
    asked = []
    well = True

    def check(timeout: float) -> None:
        asked.append(well)
        if not well:
            raise Unhealthy("away")

    runner = CheckRunner({"database": check}, timeout=30, keep=0, latched={"database"})
    assert [runner.ready() for _ in range(3)] == [True] * 3
    assert len(asked) == 1
    well = False
    assert not runner.report().results[0].ok
    count = len(asked)
    assert runner.ready()
    wait_until(lambda: len(asked) > count, 10, "readiness that asks for what failed")


def test_report_asks_for_what_rests() -> None:
    """A report runs checks that rest, even if the other results of the last run are kept."""
    asked = []
    checks: dict[str, Check] = {"database": asked.append, "cache": lambda timeout: None}
    runner = CheckRunner(checks, timeout=30, keep=0.5, latched={"database"})
    assert runner.ready()
    time.sleep(0.6)  # the result of the cache is no longer kept
    assert runner.ready()
    assert len(asked) == 1
    runner.report()
    assert len(asked) == 2


def test_strict_check_stays_required() -> None:
    """Without the latch a failure after success counts."""
    state = {"well": True}

    def check(timeout: float) -> None:
        if not state["well"]:
            raise Unhealthy("away")

    runner = CheckRunner({"database": check}, timeout=5, keep=0)
    assert runner.ready()
    state["well"] = False
    assert not runner.ready()


def test_check_with_once_is_not_asked_again() -> None:
    """A check with once does not run again after it has passed."""
    check = Counted()
    check.once = True  # type: ignore[attr-defined]
    runner = CheckRunner({"migrations": check}, timeout=5, keep=0)
    for _ in range(3):
        assert runner.ready()

    assert check.calls == 1
    assert runner.report().results[0].message == "passed before"


def test_unexpected_exception_is_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    """Any exception fails the check: its kind is public, its text goes to the log, without secrets."""
    secret = os.environ["SECRET_KEY"] = "s3cret-" + "k" * 50
    from django_k8s import Env

    def check(timeout: float) -> None:
        raise RuntimeError(f"cannot reach\n  postgres://user:p@ss:w/rd@host/db with {secret}")

    runner = CheckRunner({"own": check}, timeout=5, keep=0)
    Env().mask_secrets()
    try:
        with caplog.at_level(logging.INFO):
            for _ in range(3):
                report = runner.report()
    finally:
        del os.environ["SECRET_KEY"]

    assert report.results[0].message == "RuntimeError"
    assert [record.getMessage() for record in caplog.records] == [
        "health check own fails: RuntimeError: cannot reach postgres://***@host/db with ***"
    ]


def test_log_tells_the_end_of_a_failure(caplog: pytest.LogCaptureFixture, hanging: Hanging) -> None:
    """One line when a check begins to fail and one when it passes again, however often it is asked."""
    runner = CheckRunner({"own": hanging}, timeout=0.05, keep=0)
    for _ in range(5):
        runner.ready()
    hanging.go.set()
    wait_until(runner.ready, 5, "ready again")
    runner.ready()

    assert [record.getMessage() for record in caplog.records] == [
        "health check own fails: no answer within 0.05 s",
        "health check own passes again",
    ]


def test_even_an_exit_is_a_failure() -> None:
    """A check that calls sys.exit ends neither the process nor the answer."""

    def check(timeout: float) -> None:
        raise SystemExit(3)

    assert not CheckRunner({"own": check}, timeout=5, keep=0).ready()


def test_no_thread_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the container's limit of processes the check fails; the answer is still given."""

    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    report = CheckRunner({"own": Counted()}, timeout=1, keep=0).report()

    assert report.results[0].message == "RuntimeError"


def test_connections_that_a_check_opened_are_closed(tmp_path: Path) -> None:
    """A check that uses the ORM leaves no connection behind with its thread."""
    seen = []

    def check(timeout: float) -> None:
        connections["default"].ensure_connection()
        seen.append(connections["default"])

    with default_database(f"sqlite:///{tmp_path}/db.sqlite3"):
        assert CheckRunner({"own": check}, timeout=5, keep=0).ready()
    assert seen[0].connection is None


def test_connection_that_cannot_be_closed_is_no_hang() -> None:
    """A driver that raises at the end does not keep the callers waiting."""

    def close() -> None:
        raise OSError("broken pipe")

    def check(timeout: float) -> None:
        connections["default"].close = close  # type: ignore[method-assign]

    assert CheckRunner({"own": check}, timeout=5, keep=0).ready()


def test_fork_takes_along_what_has_passed(hanging: Hanging) -> None:
    """A forked process starts with no run and no thread, but knows what has passed, earlier and later."""
    state = {"well": True}

    def check(timeout: float) -> None:
        if not state["well"]:
            raise Unhealthy("away")

    runner = CheckRunner(
        {"database": check, "hangs": hanging}, timeout=patience(0.5), keep=60, latched={"database", "hangs"}
    )
    assert not runner.ready()  # one hangs, and the lock, the run and the thread are the parent's

    def child() -> int:
        state["well"] = False
        hanging.go.set()  # the child's own copy
        ready = runner.ready()
        database = runner.report().results[0]
        return 0 if ready and not database.ok and not database.required else 1

    assert forked(child) == 0
    # The child saw "hangs" pass: its sibling is ready although it hangs there.
    hanging.go.clear()
    assert forked(lambda: 0 if runner.ready() else 1) == 0


def forked(work: Callable[[], int]) -> int:
    """The exit status of ``work`` in a forked process; -1 if it does not end."""
    pid = os.fork()
    if pid == 0:
        try:
            os._exit(work())
        except BaseException:
            os._exit(99)
    limit = Limit(10)
    while not limit.over():
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(pid, 9)
    os.waitpid(pid, 0)
    return -1


def test_caller_who_goes_away_takes_nothing_along() -> None:
    """A cancelled request in an event loop leaves the run to the others."""
    check = Counted(lambda: time.sleep(0.3))
    runner = CheckRunner({"own": check}, timeout=5, keep=0)

    async def ask() -> bool:
        leaver = asyncio.create_task(runner.aready())
        stayer = asyncio.create_task(runner.aready())
        await asyncio.sleep(0.05)
        leaver.cancel()
        return await stayer

    assert asyncio.run(ask())
    assert check.calls == 1
