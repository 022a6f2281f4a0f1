"""What gunicorn is configured with, worked out from the environment and the container."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from django_k8s.environment import grace_period, trusted_networks
from django_k8s.environment.env import Env


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
