"""What gunicorn is configured with, worked out from the environment and the container."""

from __future__ import annotations

import dataclasses
import importlib.util
import math
import os
from dataclasses import dataclass
from pathlib import Path

from django_k8s.environment import grace_period, memory, trusted_networks
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


def bind_address(env: Env) -> str:
    """Where to listen: every address of the family that the cluster uses first.

    IPv4 is not taken in by an IPv6 socket on purpose: its clients would all get an address like
    ::ffff:10.0.0.1, which no list of trusted proxies matches.
    """
    host = "[::]" if ":" in os.environ.get("KUBERNETES_SERVICE_HOST", "") else "0.0.0.0"  # noqa: S104
    return f"{host}:{env.int('PORT')}"


def graceful_seconds(env: Env) -> int:
    """Return the seconds that requests in flight have when the pod stops; report a problem if there are none."""
    grace_period.check(env)
    return grace_period.work_seconds(env, "web")


def trusted_proxies(env: Env) -> str:
    """Return TRUSTED_PROXIES as gunicorn reads it. Report every entry that is not a network."""
    return ",".join(trusted_networks.trusted_proxies(env))


def application(env: Env) -> str | None:
    """MODULE:NAME of the application, or None when nothing tells.

    WEB_APPLICATION, else the wsgi (or asgi) module beside the settings module or, where settings are
    a package, above it. Files are looked for and nothing is imported.
    """
    named = env.str("WEB_APPLICATION", "")
    if named:
        return named
    settings = os.environ.get("DJANGO_SETTINGS_MODULE", "")
    if not settings:
        return None
    interface = env.str("WEB_INTERFACE")
    packages = settings.split(".")[:-1]
    if not packages:
        return f"{interface}:application"
    spec = importlib.util.find_spec(packages[0])
    places = [Path(place) for place in (spec.submodule_search_locations if spec else None) or ()]
    for depth in range(len(packages), 0, -1):
        for place in places:
            if place.joinpath(*packages[1:depth], f"{interface}.py").is_file():
                return ".".join([*packages[:depth], f"{interface}:application"])
    return f"{packages[0]}.{interface}:application"


def temporary_directory() -> str | None:
    """Memory-backed where the machine has it: writable with a read-only root, and never slow."""
    shm = "/dev/shm"  # noqa: S108 - gunicorn makes unnamed files in it
    return shm if os.access(shm, os.W_OK | os.X_OK) else None
