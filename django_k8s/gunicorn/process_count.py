"""The number of gunicorn's processes and threads, from the limits of the container."""

from __future__ import annotations

import dataclasses
import math
import os
from dataclasses import dataclass

from django_k8s.environment import memory
from django_k8s.environment.cgroup import cpu_limit, memory_limit
from django_k8s.environment.env import Env

_ASKED = "WEB_CONCURRENCY"


@dataclass(frozen=True, slots=True)
class Concurrency:
    """The number of processes and threads, and the reason for the number of processes.

    0 threads means an event loop in each process.
    """

    processes: int
    threads: int
    reason: str

    def __str__(self) -> str:
        inside = f"threads in each: {self.threads}" if self.threads else "an event loop in each"
        return f"processes: {self.processes} ({self.reason}), {inside}"


def concurrency(env: Env) -> Concurrency:
    """Return one process for each CPU of the limit, rounded up. WEB_CONCURRENCY overrides this.

    :func:`fitted` lowers the number once it is known how much memory the application uses.

    Without a limit, it is one process. The node's processors do not belong to this pod, and a site is scaled by its
    number of pods.
    """
    threads = 0 if env.str("WEB_INTERFACE") == "asgi" else env.int("WEB_THREADS")
    asked = env.int("WEB_CONCURRENCY")
    if asked:
        return Concurrency(asked, threads, _ASKED)
    limit = cpu_limit()
    if limit is None:
        return Concurrency(1, threads, "no CPU limit")
    processes, available = math.ceil(limit), len(os.sched_getaffinity(0))
    if processes > available:
        return Concurrency(available, threads, f"CPU limit {limit:g}, but {available} CPUs")
    return Concurrency(processes, threads, f"CPU limit {limit:g}")


def fitted(found: Concurrency, loaded: int | None = None) -> Concurrency:
    """Return ``found``, with only as many processes as fit into the memory limit. WEB_CONCURRENCY is never changed.

    Call this in the process that forks, after the application is loaded. ``loaded`` is its memory in bytes, by default
    that of this process.
    """
    limit = memory_limit()
    if limit is None or found.reason == _ASKED:
        return found
    processes = memory.fitting(found.processes, limit, memory.resident() if loaded is None else loaded)
    if processes == found.processes:
        return found
    reason = f"{found.reason}, but memory limit {memory.words(limit)}"
    return dataclasses.replace(found, processes=processes, reason=reason)
