"""Beat with another scheduler class, and with nothing that it may write."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from support.beat import Beats, beat_environment, inbox, last_heartbeat
from support.need import need, works
from support.process import wait_until
from support.servers import Redis

SENDS = "Scheduler: Sending due task"  # Celery's own words


def test_two_beats_of_another_class(tmp_path: Path, redis_server: Redis) -> None:
    """The lock holds for Celery's own scheduler too: of two, one publishes, and the other takes over."""
    env = beat_environment(
        tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", redis_server.url(3),
        TEST_BEAT_SECONDS="1", BEAT_SCHEDULER="project.schedulers:Plain",
    )  # fmt: skip
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(3)) as box:
        beats.start()
        beats.start()
        holder = beats.holder()
        wait_until(lambda: len(box.messages) >= 5, 20, "messages")
        (other,) = [beat for beat in beats.processes if beat is not holder]
        assert holder.output.count(SENDS) >= 5
        assert SENDS not in other.output, "both publish"
        holder.stop(15)
        count = len(box.messages)
        wait_until(lambda: len(box.messages) >= count + 3, 20, "messages of the other one")


def test_stopped_while_another_class_publishes(tmp_path: Path, redis_server: Redis) -> None:
    """At SIGTERM in the middle of a publish, the message is sent, and then beat ends."""
    hold = tmp_path / "pause"
    env = beat_environment(
        tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", redis_server.url(1),
        TEST_BEAT_SECONDS="1", BEAT_SCHEDULER="project.schedulers:PlainPausing", TEST_PAUSE=str(hold),
    )  # fmt: skip
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(1)) as box:
        process = beats.start()
        wait_until(lambda: box.messages, 20, "the first message")
        hold.touch()
        wait_until(hold.with_suffix(".reached").exists, 20, "the pause")
        count = len(box.messages)
        process.signal(signal.SIGTERM)
        hold.unlink()
        assert process.wait(15) == 0, process.output
        wait_until(lambda: len(box.messages) > count, 5, "the message")


# In a mount namespace of its own nothing can be written but the state directory, which is in memory, as in a pod.
READ_ONLY = """
for folder in / /tmp "$HOME" "$PWD"; do mount --bind "$folder" "$folder" && mount -o remount,bind,ro "$folder"; done
cd "$PWD" && mount -t tmpfs tmpfs "$STATE_DIR"
for folder in . /tmp "$HOME" "$TMPDIR"; do ! touch "$folder/written" 2>/dev/null || exit 9; done
exec "$@"
"""


@pytest.mark.net
def test_read_only_file_system(tmp_path: Path, postgres_url: str, redis_server: Redis) -> None:
    """Beat writes no schedule file and no other: it works and ends where nothing but its state directory can be written."""
    need(
        "the right to mount",
        works("unshare", "-m", "true"),
        "install util-linux, and run as root, in a container with SYS_ADMIN",
    )
    env = beat_environment(tmp_path, postgres_url, redis_server.url(0), TEST_BEAT_SECONDS="1")
    (tmp_path / "state-0").mkdir()
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(0)) as box:
        beat = beats.start("unshare", "-m", "sh", "-ec", READ_ONLY, "sh")
        wait_until(lambda: len(box.messages) >= 3 or not beat.running(), 30, "messages")
        assert beat.running(), (beat.popen.returncode, beat.output)
        assert beat.stop(15) == 0, beat.output
    assert "Read-only file system" not in beat.output


@pytest.mark.parametrize("scheduler", ["", "project.schedulers:Plain"], ids=["ours", "another"])
def test_alive_while_nothing_is_due(tmp_path: Path, redis_server: Redis, scheduler: str) -> None:
    """The heartbeat continues even if nothing is due for an hour."""
    env = beat_environment(
        tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", redis_server.url(0),
        TEST_BEAT_SECONDS="3600", BEAT_SCHEDULER=scheduler,
    )  # fmt: skip
    with Beats(tmp_path, env) as beats:
        beats.start()
        beats.holder()
        first = last_heartbeat(tmp_path)
        wait_until(lambda: last_heartbeat(tmp_path) > first + 3, 15, "a heartbeat seconds later")


def test_state_that_cannot_be_written(tmp_path: Path, redis_server: Redis) -> None:
    """Without a writable STATE_DIR beat publishes, and says once why its probe will fail."""
    env = beat_environment(
        tmp_path, f"sqlite:///{tmp_path}/db.sqlite3", redis_server.url(2), TEST_BEAT_SECONDS="1"
    )
    with Beats(tmp_path, env) as beats, inbox(redis_server.url(2)) as box:
        beat = beats.start(STATE_DIR="/proc/nowhere")
        wait_until(lambda: len(box.messages) >= 3, 20, "messages")
        assert beat.output.count("The heartbeat cannot be written") == 1
