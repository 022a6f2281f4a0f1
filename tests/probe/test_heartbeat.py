"""Heartbeats on disk."""

from __future__ import annotations

import json
import os
import subprocess
import threading
import time
from pathlib import Path

import pytest
from support.disks import disk

from django_k8s.probe import heartbeat
from django_k8s.probe.heartbeat import Heartbeat


def ended_process() -> int:
    """The id of a process that has ended and was reaped."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_written_and_read(tmp_path: Path) -> None:
    """A heartbeat carries the time, the process, "ok" and the fields given; its folder is made."""
    before = time.monotonic()
    Heartbeat("web", "1", tmp_path / "deep" / "web").write(busy=3)
    (beat,) = heartbeat.read(tmp_path / "deep" / "web")
    assert beat["pid"] == os.getpid()
    assert beat["state"] == "ok"
    assert beat["busy"] == 3
    assert before <= beat["at"] <= time.monotonic()


def test_state_can_be_told(tmp_path: Path) -> None:
    """A state that is given replaces "ok"."""
    Heartbeat("worker", "worker", tmp_path).write(state="reconnecting", since=1.5)
    (beat,) = heartbeat.read(tmp_path)
    assert (beat["state"], beat["since"]) == ("reconnecting", 1.5)


def test_folder_of_a_role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each role has its own part of STATE_DIR."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    Heartbeat("beat", "beat").write()
    assert (tmp_path / "state" / "beat" / "beat.heartbeat").is_file()


def test_removed(tmp_path: Path) -> None:
    """A loop that ends takes its heartbeat along, and may do so twice."""
    beat = Heartbeat("web", "1", tmp_path)
    beat.write()
    beat.remove()
    beat.remove()
    assert list(tmp_path.iterdir()) == []


def test_dead_process_does_not_count(tmp_path: Path) -> None:
    """The file of a process that was killed is passed over and removed; the living one stays."""
    Heartbeat("web", "alive", tmp_path).write()
    dead = tmp_path / "dead.heartbeat"
    dead.write_text(json.dumps({"at": time.monotonic(), "pid": ended_process(), "state": "ok"}))
    assert len(list(heartbeat.read(tmp_path))) == 1
    assert not dead.exists()


def test_draft_of_a_dead_process_is_removed(tmp_path: Path) -> None:
    """A process that was killed while it wrote leaves half a file; that of a living one is its own, other files too."""
    dead = tmp_path / f".web.heartbeat.{ended_process()}"
    others = [
        f".web.heartbeat.{os.getpid()}",
        f".web.heartbeat.{10**30}",
        ".web.heartbeat.x",
        "note.txt",
        f"n.{10**9}",
    ]
    for path in [dead, *(tmp_path / name for name in others)]:
        path.write_text("{")
    assert list(heartbeat.read(tmp_path)) == []
    assert not dead.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(others)


def test_process_of_another_user_counts(tmp_path: Path) -> None:
    """A process that may not be signalled exists all the same."""
    assert heartbeat.running(1)
    assert not heartbeat.running(ended_process())


def test_time_to_come_does_not_count(tmp_path: Path) -> None:
    """A file from before the machine's last start, whose clock ran further, is removed."""
    path = tmp_path / "old.heartbeat"
    path.write_text(json.dumps({"at": time.monotonic() + 5000, "pid": os.getpid(), "state": "ok"}))
    assert list(heartbeat.read(tmp_path)) == []
    assert not path.exists()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"at": 1}',
        '{"at": "x", "pid": 1}',
        '{"at": 1, "pid": 1}',
        '{"at": 1, "pid": 99999999999999999999, "state": "ok"}',
        '{"at": 1, "pid": 1, "state": ["ok"]}',
        '{"at": 1, "pid": 1, "state": "reconnecting"}',
        '{"at": 1, "pid": 1, "state": "ok", "threads": 8}',
        '{"at": 1, "pid": 1, "state": "ok", "threads": 8, "busy": 8, "since": "x"}',
        "\0\0",
        '{"at": 1, "pid": 1, "state": "ok", "check": 2}',
        "[" * 60_000,
        '{"at": 1, "pid": 1, "state": "ok", "pool": 5}',
        '{"at": 1, "pid": 1, "state": "ok", "pool": {"pool_size": "x"}}',
        '{"at": 1, "pid": 1, "state": "ok", "due": "x"}',
        '{"at": 1, "pid": 1, "state": "ok", "due": 1%s}' % ("0" * 400),  # fits no float
        '{"at": 1, "pid": 1, "state": "ok", "failing": [1]}',
    ],
)
def test_rubbish_is_passed_over(tmp_path: Path, content: str) -> None:
    """What is no heartbeat is no sign of life and no error."""
    (tmp_path / "x.heartbeat").write_text(content)
    assert list(heartbeat.read(tmp_path)) == []


def test_missing_folder() -> None:
    """Nothing has been written yet."""
    assert list(heartbeat.read(Path("/nonexistent/state"))) == []


def test_folder_that_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The writer goes on; one line says why the probe will fail, and one again after it was well."""
    folder = tmp_path / "state"
    folder.touch()  # a file in its place
    beat = Heartbeat("web", "1", folder)
    for _ in range(3):
        beat.write()
    assert len(caplog.messages) == 1
    assert "The heartbeat cannot be written" in caplog.text
    folder.unlink()
    beat.write()
    assert len(list(heartbeat.read(folder))) == 1
    beat.remove()
    folder.rmdir()
    folder.touch()
    beat.write()
    assert len(caplog.messages) == 2


def test_readers_never_see_a_part(tmp_path: Path) -> None:
    """While one thread writes without a pause, every read finds a whole heartbeat."""
    beat = Heartbeat("web", "1", tmp_path)
    beat.write(filler="x" * 5000)
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            beat.write(filler="x" * 5000)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        counts = [len(list(heartbeat.read(tmp_path))) for _ in range(500)]
    finally:
        stop.set()
        writer.join()
    assert set(counts) == {1}


def test_full_disk(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A heartbeat that exists is written all the same, and nothing else is left on the disk."""
    with disk(tmp_path / "state") as small:
        beat = Heartbeat("web", "1", small.path)
        beat.write(busy=1, filler="x" * 100)
        small.fill()
        before = time.monotonic()
        beat.write(busy=2)
        (found,) = heartbeat.read(small.path)
        assert found["busy"] == 2
        assert found["at"] >= before
        assert caplog.messages == []
        assert heartbeat.disk_error(small.path) == "No space left on device"
        Heartbeat("web", "2", small.path).write()
        assert len(caplog.messages) == 1
        assert sorted(path.name for path in small.path.iterdir()) == ["1.heartbeat", "ballast"]
        small.empty()
        assert heartbeat.disk_error(small.path) == ""
        beat.write()
        assert len(list(heartbeat.read(small.path))) == 1


def test_readers_never_see_a_part_on_a_full_disk(tmp_path: Path) -> None:
    """Two heartbeats that are mixed are none."""
    with disk(tmp_path / "state") as small:
        beat = Heartbeat("web", "1", small.path)
        beat.write(filler="y" * 2000)
        small.fill()
        stop = threading.Event()

        def write() -> None:
            while not stop.is_set():
                beat.write(filler="x" * 1000)
                beat.write(filler="y" * 2000)

        writer = threading.Thread(target=write)
        writer.start()
        try:
            fillers = {b["filler"] for _ in range(2000) for b in heartbeat.read(small.path)}
        finally:
            stop.set()
            writer.join()
        assert fillers == {"x" * 1000, "y" * 2000}


def test_read_only_disk(tmp_path: Path) -> None:
    """The reason is told; rights that are missing are no fault of the disk."""
    with disk(tmp_path / "state") as small:
        with small.read_only():
            assert heartbeat.disk_error(small.path) == "Read-only file system"
        assert heartbeat.disk_error(small.path) == ""
    (tmp_path / "file").touch()
    assert heartbeat.disk_error(tmp_path / "file") == ""
