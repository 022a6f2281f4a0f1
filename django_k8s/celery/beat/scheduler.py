"""Our loop, as a scheduler class that Celery can name and run."""

from __future__ import annotations

from typing import Any

from celery.beat import Scheduler as BaseScheduler

from django_k8s.celery.beat.loop import Loop


class Scheduler(BaseScheduler):  # type: ignore[misc]
    """Publishes CELERY_BEAT_SCHEDULE from the table of beat entries.

    Celery's beat only calls it again and again; :class:`~django_k8s.celery.beat.loop.Loop` does the work.
    """

    loop_class = Loop

    def setup_schedule(self) -> None:
        """Read CELERY_BEAT_SCHEDULE. Ends the process with status 78 if it cannot be used."""
        self._loop = self.loop_class(self.app)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Take one turn, which waits by itself."""
        self._loop.turn()
        return 0.0

    def should_sync(self) -> bool:
        """Everything is stored at once."""
        return False

    def close(self) -> None:
        """End the connections and give the lock back."""
        self._loop.close()
