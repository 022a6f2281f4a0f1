"""Any scheduler class runs under the lock with a heartbeat, wherever the project names it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from celery.utils.imports import symbol_by_name
from project.schedulers import Plain, Stored
from support.beat import HOLDS, PROJECT, Beats, beat_environment, inbox
from support.process import wait_until
from support.servers import Redis, postgres

from django_k8s.celery.beat.locked_scheduler import LockedSchedulerMixin, scheduler_class, with_lock
from django_k8s.celery.beat.scheduler import Scheduler
from django_k8s.probe import heartbeat

PLAIN = "project.schedulers:Plain"
INTERVAL = 4


def test_locked_class_is_a_real_one() -> None:
    """It is a subclass of the named one, is made once, and can be imported by its name."""
    made = with_lock(Plain)

    assert issubclass(made, LockedSchedulerMixin)
    assert issubclass(made, Plain)
    assert made.Entry is Plain.Entry
    assert with_lock(Plain) is made
    assert symbol_by_name(f"{made.__module__}:{made.__name__}") is made
    assert with_lock(Stored) is not made
    assert with_lock(Scheduler) is Scheduler


def test_names_of_classes() -> None:
    """A class, its name, or anything else, which is refused."""
    assert scheduler_class(Plain) is scheduler_class(PLAIN) is Plain
    for wrong in ("nowhere:Nothing", "project.schedulers:Missing", "project.schedulers:pause", "celery.beat:ScheduleEntry"):  # fmt: skip
        with pytest.raises(ValueError, match=r"Name it as MODULE:CLASS in CELERY_BEAT_SCHEDULER"):
            scheduler_class(wrong)


def settings(folder: Path) -> dict[str, str]:
    """Named in Django's settings, after ours."""
    (folder / "own_settings.py").write_text(
        f"from project.settings import *\nCELERY_BEAT_SCHEDULER = {PLAIN!r}\n"
    )
    return {"DJANGO_SETTINGS_MODULE": "own_settings", "CELERY_APP": "project"}


def application(folder: Path) -> dict[str, str]:
    """Named in the module of the Celery application."""
    (folder / "own_celery.py").write_text(
        f"from project.celery import app\napp.conf.beat_scheduler = {PLAIN!r}\n"
    )
    return {"CELERY_APP": "own_celery"}


@pytest.mark.parametrize("where", ["settings", "application", "option", "variable"])
def test_two_beats_wherever_the_class_is_named(tmp_path: Path, redis_server: Redis, where: str) -> None:
    """Two schedulers in a rollout: one publishes, the other stands by and goes on; nothing is published twice."""
    more = {"settings": settings, "application": application}.get(where, lambda folder: {})(tmp_path)
    more |= {"BEAT_SCHEDULER": PLAIN} if where == "variable" else {}
    options = ["-S", PLAIN] if where == "option" else []
    env = beat_environment(
        tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", redis_server.url(4), TEST_BEAT_SECONDS=str(INTERVAL)
    )
    env |= {"PYTHONPATH": f"{PROJECT}:{tmp_path}", **more}
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(4)) as box:
        old = beats.start(options=options)
        wait_until(lambda: box.messages, 40, "the first message")
        new = beats.start(options=options)
        wait_until(lambda: list(heartbeat.read(tmp_path / "state-1" / "beat")), 40, "the standby")
        count = len(box.messages)
        # It has been there for a while when it takes over, so its entries would all seem due.
        wait_until(lambda: len(box.messages) >= count + 2, 40, "two messages beside a standby")
        assert HOLDS not in new.output
        assert old.stop(15) == 0, old.output
        count = len(box.messages)
        wait_until(lambda: len(box.messages) >= count + 2, 40, "messages of the new one")
        assert HOLDS in new.output
        assert box.pause(old, new) > INTERVAL - 1
        assert all(message.due is None for message in box.messages), "another class"


def test_class_that_cannot_be_used(tmp_path: Path) -> None:
    """A scheduler class that cannot be used is one line and status 78."""
    env = beat_environment(tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", "memory://")
    with Beats(tmp_path, env) as beats:
        beat = beats.start(options=["-S", "nowhere:Nothing"])
        assert beat.wait(30) == 78
        assert "beat: the scheduler nowhere:Nothing cannot be imported: No module named 'nowhere'. Name it" in beat.output  # fmt: skip
        assert "Traceback" not in beat.output


def test_another_class_outlives_its_database(tmp_path: Path, redis_server: Redis) -> None:
    """A class that asks the database in every tick goes on when the database is back."""
    with postgres() as server:
        env = beat_environment(
            tmp_path, server.create("shop"), redis_server.url(5),
            TEST_BEAT_SECONDS="1", BEAT_SCHEDULER="project.schedulers:Stored",
        )  # fmt: skip
        with Beats(tmp_path, env) as beats, inbox(redis_server.url(5)) as box:
            beat = beats.start()
            wait_until(lambda: box.messages, 40, "the first message")
            server.stop()
            wait_until(lambda: "the lock is lost" in beat.output or "cannot be used" in beat.output, 30, "the outage")  # fmt: skip
            server.start()
            up = time.time()
            wait_until(lambda: box.messages[-1].at > up, 40, "a message after it")
            assert beat.running()
