"""A scheduler class with our loop, for Celery to run."""

from __future__ import annotations

from typing import Any

from celery.beat import Scheduler as BaseScheduler

from django_k8s.celery.beat.loop import Loop


class Scheduler(BaseScheduler):  # type: ignore[misc]
    """Publish the entries of CELERY_BEAT_SCHEDULE, using the table of beat entries.

    Celery's beat only calls it repeatedly. :class:`~django_k8s.celery.beat.loop.Loop` does the work.
    """

    loop_class = Loop

    def setup_schedule(self) -> None:
        """Read CELERY_BEAT_SCHEDULE. End the process with status 78 if it cannot be used."""
        self._loop = self.loop_class(self.app)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Take one turn, which includes its own waiting, and return 0."""
        self._loop.turn()
        return 0.0

    def should_sync(self) -> bool:
        """Return False, because everything is stored immediately."""
        return False

    def close(self) -> None:
        """Close the connections and release the lock."""
        self._loop.close()
