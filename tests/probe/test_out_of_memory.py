"""A process that was killed for its memory is named in the log."""

from __future__ import annotations

import pytest

from django_k8s.probe import out_of_memory
from django_k8s.probe.out_of_memory import OutOfMemory


def test_kills_are_said_once(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """With the limit, at the next look, and not what was there before the start."""
    kills = 3
    monkeypatch.setattr(out_of_memory, "memory_limit", lambda: 384 << 20)
    watch = OutOfMemory(lambda: kills)
    watch.look()
    assert not caplog.messages
    kills += 1
    watch.look()
    watch.look()
    assert [message.partition(".")[0] for message in caplog.messages] == [
        "A process was killed by the kernel: this container reached its memory limit of 384 MiB"
    ]
    kills += 2
    watch.look()
    assert caplog.messages[1].startswith("2 processes were killed")
