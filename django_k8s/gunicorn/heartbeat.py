"""The heartbeat that both worker classes share."""

from __future__ import annotations

import os
import time

from django_k8s.probe.heartbeat import Heartbeat, at_rest_seconds

EVERY_SECONDS = 1.0


class HeartbeatMixin:
    """A mixin for a gunicorn worker. Each sign of life for the master is also one for the probe."""

    _heartbeat: Heartbeat | None = None
    _beaten = _written = 0.0
    _idle = 0.0
    _told: dict[str, object] | None = None

    def notify(self) -> None:
        """Write the heartbeat. gunicorn calls this in every round of its main loop."""
        super().notify()  # type: ignore[misc]
        self.beat()

    def beat(self) -> None:
        """Write the heartbeat at most once a second, and less often if nothing has changed."""
        now = time.monotonic()
        if now - self._beaten < EVERY_SECONDS:
            return
        self._beaten = now
        fields = self.heartbeat_fields()
        if self._heartbeat is None:
            self._heartbeat = Heartbeat("web", str(os.getpid()))
            self._idle = at_rest_seconds()
        elif fields == self._told and now - self._written < self._idle:
            return
        self._told, self._written = fields, now
        self._heartbeat.write(**fields)

    def heartbeat_fields(self) -> dict[str, object]:
        """Return what the heartbeat contains besides its time."""
        return {}
