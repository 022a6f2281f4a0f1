"""The heartbeat that both worker classes share."""

from __future__ import annotations

import os
import time

from django_k8s.probe.heartbeat import Heartbeat

EVERY_SECONDS = 1.0


class HeartbeatMixin:
    """Mixed into a gunicorn worker: each sign of life for the master is also one for the probe."""

    _heartbeat: Heartbeat | None = None
    _beaten = 0.0

    def notify(self) -> None:
        """gunicorn calls it in every round of its main loop, at least once a second."""
        super().notify()  # type: ignore[misc]
        self.beat()

    def beat(self) -> None:
        """Write the heartbeat, at most once a second."""
        now = time.monotonic()
        if now - self._beaten < EVERY_SECONDS:
            return
        self._beaten = now
        if self._heartbeat is None:
            self._heartbeat = Heartbeat("web", str(os.getpid()))
        self._heartbeat.write(**self.heartbeat_fields())

    def heartbeat_fields(self) -> dict[str, object]:
        """What the heartbeat tells beside its time."""
        return {}
