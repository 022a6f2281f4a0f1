"""What heartbeats mean: alive, ready, or neither."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

import pytest
from support.disks import disk

from django_k8s.probe.judge import Judge, Limits

LIMITS = Limits(staleness=60, stall=600, reconnect=900)


def beat(folder: Path, name: str = "x", age: float = 0, **fields: object) -> None:
    """A heartbeat of this process, ``age`` seconds old."""
    content = {"at": time.monotonic() - age, "pid": os.getpid(), "state": "ok", **fields}
    (folder / f"{name}.heartbeat").write_text(json.dumps(content))


def pool(busy: int, for_seconds: float) -> dict[str, object]:
    """What a web process with 8 threads tells."""
    return {"threads": 8, "busy": busy, "since": time.monotonic() - for_seconds}


def test_fresh(tmp_path: Path) -> None:
    """A fresh heartbeat is alive and ready."""
    beat(tmp_path, age=59)
    judge = Judge(tmp_path, LIMITS)
    assert judge.live() == (True, "ok")
    assert judge.ready() == (True, "ok")


def test_stale(tmp_path: Path) -> None:
    """A heartbeat older than the staleness is neither."""
    beat(tmp_path, age=61)
    judge = Judge(tmp_path, LIMITS)
    assert judge.live() == (False, "heartbeat is stale")
    assert judge.ready() == (False, "not ready")


def test_one_stale_process_is_enough(tmp_path: Path) -> None:
    """The frozen process of several goes on taking connections, so the role is not alive."""
    beat(tmp_path, "a")
    beat(tmp_path, "b", age=61)
    assert not Judge(tmp_path, LIMITS).live().good


def test_blocked(tmp_path: Path) -> None:
    """A beat that cannot publish lives; it counts as ready for a minute."""
    judge = Judge(tmp_path, LIMITS)
    beat(tmp_path, state="blocked", since=time.monotonic() - 59)
    assert judge.ready() == (True, "ok")
    beat(tmp_path, state="blocked", since=time.monotonic() - 61)
    assert judge.ready() == (False, "publishes nothing")
    assert judge.live() == (True, "ok")
    beat(tmp_path, state="blocked", since="long ago")
    assert not judge.ready().good


def test_before_the_first_heartbeat(tmp_path: Path) -> None:
    """A role that starts has the staleness to come up; it is alive until then, and not ready."""
    judge = Judge(tmp_path, LIMITS)
    assert judge.live() == (True, "starting")
    assert not judge.ready().good
    judge.seen -= 61
    assert judge.live() == (False, "no heartbeat")


def test_all_processes_gone(tmp_path: Path) -> None:
    """A role whose processes all ended has the staleness to replace them, from their last sign on."""
    judge = Judge(tmp_path, LIMITS)
    judge.seen -= 1000
    beat(tmp_path, age=30)
    assert judge.live().good
    (tmp_path / "x.heartbeat").unlink()
    assert judge.live().good
    judge.seen -= 31
    assert not judge.live().good


def test_gone_while_nobody_asked(tmp_path: Path) -> None:
    """The last sign counts whoever looked at it: the kubelet's first question may come late."""
    for look in (Judge.heartbeats, Judge.ready):
        judge = Judge(tmp_path, LIMITS)
        judge.seen -= 1000
        beat(tmp_path)
        look(judge)
        (tmp_path / "x.heartbeat").unlink()
        assert judge.live().good


@pytest.mark.parametrize(
    ("busy", "for_seconds", "alive"),
    [(0, 5000, True), (7, 5000, True), (8, 599, True), (8, 601, False)],
    ids=["idle", "one thread is free", "busy", "stalled"],
)
def test_stalled_is_not_busy(tmp_path: Path, busy: int, for_seconds: float, alive: bool) -> None:
    """Only a pool with every thread taken and none finished for the stall time is dead."""
    beat(tmp_path, **pool(busy, for_seconds))
    assert Judge(tmp_path, LIMITS).live().good is alive


def test_stall_can_be_switched_off(tmp_path: Path) -> None:
    """STALL_SECONDS=0: a pool may take as long as it likes."""
    beat(tmp_path, **pool(8, 10**6))
    assert Judge(tmp_path, Limits(60, 0, 900)).live().good


@pytest.mark.parametrize(("for_seconds", "alive"), [(899, True), (901, False)])
def test_reconnecting(tmp_path: Path, for_seconds: float, alive: bool) -> None:
    """A worker without a broker lives for WORKER_RECONNECT_SECONDS, however old its word; it is not ready."""
    beat(tmp_path, "worker", age=for_seconds, state="reconnecting", since=time.monotonic() - for_seconds)
    judge = Judge(tmp_path, LIMITS)
    assert judge.live().good is alive
    assert not judge.ready().good


@pytest.mark.parametrize("error", ["fill", "read_only"])
def test_silence_proves_nothing_without_a_disk(tmp_path: Path, error: str) -> None:
    """Nothing is restarted while the disk takes no heartbeat, nor before there was time for one."""
    with disk(tmp_path / "state") as small, contextlib.ExitStack() as stack:
        judge = Judge(small.path, LIMITS)
        judge.seen -= 61
        if error == "fill":
            small.fill()
            stack.callback(small.empty)
        else:
            stack.enter_context(small.read_only())
        assert judge.live() == (True, "the disk takes no heartbeats")
        assert not judge.ready().good
        stack.close()
        beat(small.path, age=61)
        beat(small.path, "lost", age=950, state="reconnecting", since=time.monotonic() - 950)
        assert judge.live().good
        assert judge.ready().good
        judge._refused -= 61
        assert not judge.live().good
        assert not judge.ready().good


def test_a_stall_counts_without_a_disk(tmp_path: Path) -> None:
    """What a fresh heartbeat says is true, on a full disk too."""
    with disk(tmp_path / "state") as small:
        beat(small.path, age=5, **pool(8, 601))
        small.fill()
        assert Judge(small.path, LIMITS).live() == (False, "stalled")


def test_a_longer_round(tmp_path: Path) -> None:
    """A heartbeat may say when the next one comes, instead of the staleness."""
    judge = Judge(tmp_path, LIMITS)
    beat(tmp_path, age=599, within=600)
    assert judge.live().good
    assert judge.ready().good
    beat(tmp_path, age=601, within=600)
    assert judge.live() == (False, "heartbeat is stale")
    beat(tmp_path, age=11, within=10)
    assert not judge.live().good
    assert not judge.ready().good


def test_heartbeats_that_need_not_be(tmp_path: Path) -> None:
    """Without any, that the role runs is enough; after the first one they count."""
    judge = Judge(tmp_path, LIMITS, needed=False)
    judge.seen -= 61
    assert judge.live() == judge.ready() == (True, "running, without heartbeats")
    beat(tmp_path)
    assert judge.live() == judge.ready() == (True, "ok")
    (tmp_path / "x.heartbeat").unlink()
    judge.seen -= 61
    assert judge.live() == (False, "no heartbeat")
    assert not judge.ready().good
