"""Write to the log if the kernel has killed a process of the container for lack of memory.

The process itself cannot do this, and gunicorn and Celery only see signal 9. If the kernel kills the whole container,
Kubernetes reports it with the reason OOMKilled.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from django_k8s.environment import memory
from django_k8s.environment.cgroup import memory_limit, out_of_memory_kills

logger = logging.getLogger("django_k8s.memory")


class OutOfMemory:
    """Compare the kernel's count of kills with the last one."""

    def __init__(self, count: Callable[[], int] = out_of_memory_kills) -> None:
        self._count = count
        self._known = count()

    def look(self) -> None:
        """Write one line if there were kills since the last look."""
        known, self._known = self._known, self._count()
        if self._known <= known:
            return
        limit = memory_limit()
        logger.error(
            "%s killed by the kernel: this container reached its memory limit%s. Raise resources.limits.memory, or start"
            " fewer processes (WEB_CONCURRENCY, WORKER_CONCURRENCY).",
            "A process was" if self._known == known + 1 else f"{self._known - known} processes were",
            f" of {memory.words(limit)}" if limit else "",
        )
