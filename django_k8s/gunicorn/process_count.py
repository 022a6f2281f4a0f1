"""How many processes and threads gunicorn starts, from the limits of the container."""

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
    """Processes and threads, and a few words on why so many processes.

    No threads means an event loop in each process.
    """

    processes: int
    threads: int
    reason: str

    def __str__(self) -> str:
        inside = f"threads in each: {self.threads}" if self.threads else "an event loop in each"
        return f"processes: {self.processes} ({self.reason}), {inside}"


def concurrency(env: Env) -> Concurrency:
    """One process up to one CPU, then one for each CPU of the limit; WEB_CONCURRENCY overrides.

    :func:`fitted` lowers the number once it is known what the application takes.
    Without a limit it is one process: the node's processors are not this pod's, and pods are what
    is scaled.
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
    """Return ``found`` with no more processes than fit into the memory limit. WEB_CONCURRENCY is never changed.

    Call it in the process that forks, with the application loaded: ``loaded`` is what it has in memory.
    """
    limit = memory_limit()
    if limit is None or found.reason == _ASKED:
        return found
    processes = memory.fitting(found.processes, limit, memory.resident() if loaded is None else loaded)
    if processes == found.processes:
        return found
    reason = f"{found.reason}, but memory limit {memory.words(limit)}"
    return dataclasses.replace(found, processes=processes, reason=reason)
