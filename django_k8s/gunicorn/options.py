"""Compute gunicorn's options from the environment and the container."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

from django_k8s.environment import grace_period, trusted_networks
from django_k8s.environment.env import Env


def bind_address(env: Env) -> str:
    """Return the address to listen on: every address of the cluster's primary IP family.

    An IPv6 socket deliberately does not accept IPv4. Its clients would have addresses such as ::ffff:10.0.0.1, which no
    list of trusted proxies matches.
    """
    host = "[::]" if ":" in os.environ.get("KUBERNETES_SERVICE_HOST", "") else "0.0.0.0"  # noqa: S104
    return f"{host}:{env.int('PORT')}"


def graceful_seconds(env: Env) -> int:
    """Return how many seconds running requests have to finish when the pod stops. Record a problem if there are none."""
    grace_period.check(env)
    return grace_period.work_seconds(env, "web")


def trusted_proxies(env: Env) -> str:
    """Return TRUSTED_PROXIES in gunicorn's format. Record a problem if an item is not a network."""
    return ",".join(trusted_networks.trusted_proxies(env))


def application(env: Env) -> str | None:
    """Return MODULE:NAME of the application, or None if it is unknown.

    It is WEB_APPLICATION, or else the module wsgi (or asgi) next to the settings module, or above it if the settings are
    a package. This looks for files and imports nothing.
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
    """Return a directory in memory, which is fast and writable with a read-only root, or None if there is none."""
    shm = "/dev/shm"  # noqa: S108 - gunicorn creates unnamed files in it
    return shm if os.access(shm, os.W_OK | os.X_OK) else None
