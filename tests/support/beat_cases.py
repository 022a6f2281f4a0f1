"""What holds for two beats on any database; each database runs it in a file of its own, side by side."""

from __future__ import annotations

import contextlib
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from support.beat import HOLDS, Beats, Inbox, Message, beat_environment, inbox, published
from support.patience import patience
from support.process import Process, wait_until

GRACE_SECONDS = 15  # BEAT_GRACE_SECONDS
PAUSE = "pause"  # a file in the folder of the test


def two_at_once(folder: Path, database: str, broker: str, seconds: float) -> dict[str, float]:
    """Two beats for ``seconds``, one killed with -9, one replaced in a rollout.

    Every due time is published, late by no more than the larger of the interval and 5 s; a due time
    is published twice only by the kill, and with the same id then. Returns figures for people.
    """
    env = beat_environment(folder, database, broker, TEST_BEAT_SECONDS="5,2", TEST_BEAT_MINUTE="true")
    with Beats(folder, env) as beats, inbox(broker) as box:
        began = time.time()
        beats.start()
        beats.start()
        killed = beats.holder()
        pause(began, seconds * 0.3)
        assert sum(HOLDS in beat.output for beat in beats.processes) == 1, (
            "one holds the lock, the other waits"
        )
        killed.signal(signal.SIGKILL)
        killed.wait(5)
        beats.start()
        beats.holder()
        pause(began, seconds * 0.6)
        # A rollout: the new one first (maxSurge 1), then SIGTERM to the old one.
        old = beats.holder()
        beats.start()
        assert old.stop(GRACE_SECONDS) == 0, old.output
        beats.holder()
        pause(began, seconds)
        for entry in ("every-2", "every-5"):
            wait_until(
                lambda entry=entry: any(message.at > began + seconds for message in box.of(entry)),
                20,
                f"a last message of {entry}",
            )
        late = {}
        for entry, interval in (("every-5", 5), ("every-2", 2), ("minute", 60)):
            late[entry] = check(box, entry, interval, began + seconds)
        check_doubles(box, beats, killed)
        return late


def pause(began: float, seconds: float) -> None:
    """Let the beats beat until a point in time: what is tested is time itself."""
    time.sleep(max(0.0, began + seconds - time.time()))


def check(box: Inbox, entry: str, interval: float, until: float) -> float:
    """Return the worst lateness of an entry. Each of its due times has to be there, under one id."""
    messages = box.of(entry)
    dues = sorted({message.due for message in messages if message.due})
    # An entry begins when the first beat reads the schedule, or at the first whole minute after it.
    expected = (until - dues[0].timestamp()) / interval - 1 if dues else 0
    assert len(dues) >= expected, (entry, len(dues), expected)
    assert {(b - a).total_seconds() for a, b in pairwise(dues)} <= {interval}, (entry, dues)
    by_due: dict[object, set[str]] = {}
    for message in messages:
        by_due.setdefault(message.due, set()).add(message.id)
    assert all(len(ids) == 1 for ids in by_due.values()), "one due time, one id"
    worst, allowed = max((message.late for message in messages), default=0), max(interval, 5)
    assert worst <= patience(allowed, below=2 * allowed), (entry, worst)
    return worst


def check_doubles(box: Inbox, beats: Beats, killed: Process) -> None:
    """Fail unless the only message that is there twice is the last one that the killed beat has published."""
    copies = Counter((message.entry, message.due) for message in box.messages)
    doubled = {message: count for message, count in copies.items() if count > 1}
    assert sum(count - 1 for count in doubled.values()) <= 1, doubled
    noted = Counter(message for beat in beats.processes for message in published(beat))
    for message, count in doubled.items():
        # The kill may have come before the line in its log.
        assert message in published(killed)[-1:] or noted[message] == count - 1, (message, killed.output)


@contextlib.contextmanager
def paused(
    folder: Path, database: str, broker: str, seconds: str = "2", *, standby: bool = True
) -> Iterator[tuple[Beats, Inbox]]:
    """A beat that has published the newest message, and commits it once the file PAUSE is gone.

    Another one stands by, unless ``standby`` is false: then it is the first message of all.
    """
    hold = folder / PAUSE
    env = beat_environment(
        folder,
        database,
        broker,
        TEST_BEAT_SECONDS=seconds,
        BEAT_SCHEDULER="project.schedulers:Pausing",
        TEST_PAUSE=str(hold),
    )
    with Beats(folder, env) as beats, inbox(broker) as box:
        if standby:
            beats.start()
            beats.holder()
            beats.start(TEST_PAUSE=str(folder / "never"))
            # What is due for more than five seconds is not published again, so it has to be there in time.
            wait_until((folder / "state-1" / "beat" / "beat.heartbeat").exists, 30, "the standby")
            hold.touch()
        else:
            hold.touch()
            beats.start()
        wait_until(hold.with_suffix(".reached").exists, 20, "the pause")
        count = len(published(beats.processes[0]))
        wait_until(lambda: len(box.messages) == count, 5, "the message")
        yield beats, box


def copies(box: Inbox, due: datetime | None) -> list[Message]:
    """The messages of a due time, once the standby has gone on after it."""
    wait_until(lambda: box.messages[-1].due != due, 20, "messages of the standby")
    return [message for message in box.messages if message.due == due]


def killed_between(folder: Path, database: str, broker: str) -> list[Message]:
    """kill -9 after publishing and before committing: the messages of that due time."""
    with paused(folder, database, broker) as (beats, box):
        due = box.messages[-1].due
        beats.processes[0].signal(signal.SIGKILL)
        return copies(box, due)


def cut_between(
    folder: Path, database: str, broker: str, cut: Callable[[], object]
) -> tuple[list[Message], str]:
    """The database lost at the same moment, with nobody killed: the messages of that due time, and the log."""
    with paused(folder, database, broker) as (beats, box):
        due, count = box.messages[-1].due, len(box.messages)
        cut()
        (folder / PAUSE).unlink()
        wait_until(lambda: len(box.messages) > count + 1, 20, "messages after the cut")
        assert beats.processes[0].running()
        return [message for message in box.messages if message.due == due], beats.processes[0].output


def stopped_between(folder: Path, database: str, broker: str) -> list[Message]:
    """SIGTERM at the same moment: the same, after the commit and an end with 0."""
    with paused(folder, database, broker) as (beats, box):
        due = box.messages[-1].due
        beats.processes[0].signal(signal.SIGTERM)
        (folder / PAUSE).unlink()
        assert beats.processes[0].wait(GRACE_SECONDS) == 0, beats.processes[0].output
        return copies(box, due)
