"""The heartbeat that both worker classes share."""

from __future__ import annotations

import os
import time
from typing import Any

from django_k8s.probe.heartbeat import Heartbeat

EVERY_SECONDS = 1.0


class Beating:
    """Mixed into a gunicorn worker: each sign of life for the master is also one for the probe."""

    log: Any
    _heartbeat: Heartbeat | None = None
    _beaten = 0.0
    _failing = False

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
        try:
            self._heartbeat.write(**self.pulse())
            self._failing = False
        except OSError as error:
            # Serving goes on; once is enough to say why the probe will fail.
            if not self._failing:
                self.log.warning("The heartbeat cannot be written: %s. Is STATE_DIR writable?", error)
            self._failing = True

    def pulse(self) -> dict[str, object]:
        """What the heartbeat tells beside its time."""
        return {}
