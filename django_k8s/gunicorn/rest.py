"""How long gunicorn's loops sleep while there is nothing to do. By default, each of them wakes every second.

What they notice by waking is a process that hangs, for which there is WEB_TIMEOUT_SECONDS, and a master that was
killed. Requests and signals end the sleep at once.
"""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django_k8s.probe.heartbeat import at_rest_seconds

REST_SECONDS = 5.0


def rest_seconds(timeout: float) -> float:
    """Return how long a loop may sleep if a process counts as hung after ``timeout`` seconds. 0 means never."""
    return min(REST_SECONDS, at_rest_seconds(), max(1.0, timeout / 6) if timeout else REST_SECONDS)


def let_master_rest(server: Any) -> None:
    """Let the master look less often for processes that hang, until it finds one."""
    wait, seconds = server.wait_for_signals, rest_seconds(server.timeout)

    def wait_for_signals(timeout: float = 1.0) -> Any:
        killing = any(worker.aborted for worker in server.WORKERS.values())
        return wait(timeout=timeout if killing else max(timeout, seconds))

    server.wait_for_signals = wait_for_signals


class RestMixin:
    """Mixin for a threaded worker whose main loop sleeps longer while it has no connections."""

    cfg: Any
    alive: bool
    nr_conns: int
    _told: dict[str, object] | None  # by the last heartbeat

    @cached_property
    def _rest(self) -> float:
        return rest_seconds(self.cfg.timeout)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Wait until something happens, or for ``timeout`` seconds. gunicorn calls this in each round of its loop."""
        # That the last request has ended is news, which the next heartbeat tells.
        if self.alive and not self.nr_conns and self._told and not self._told["busy"]:
            timeout = max(timeout, self._rest)
        super().wait_for_and_dispatch_events(timeout)  # type: ignore[misc]
