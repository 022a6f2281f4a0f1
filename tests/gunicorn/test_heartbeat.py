"""How often a web process writes its heartbeat."""

from __future__ import annotations

from pathlib import Path

import pytest

from django_k8s.environment import startup
from django_k8s.gunicorn import heartbeat
from django_k8s.gunicorn.heartbeat import HeartbeatMixin
from django_k8s.probe import heartbeat as probe


class Worker(HeartbeatMixin):
    """A worker class without gunicorn."""

    busy = 0

    def heartbeat_fields(self) -> dict[str, object]:
        return {"threads": 8, "busy": self.busy, "since": 1.0}


def test_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """News is written within a second; without any, every ten seconds are enough."""
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    startup.reset()
    now = 1000.0
    monkeypatch.setattr(heartbeat.time, "monotonic", lambda: now)
    worker, times = Worker(), []
    for second in range(15):
        now = 1000.0 + second
        worker.busy = int(second == 12)
        worker.beat()
        (beat,) = probe.read(tmp_path / "web")
        times.append(beat["at"] - 1000)
    startup.reset()
    assert times == [*[0] * 10, 10, 10, 12, 13, 13]
