"""What a process is called in logs and metrics."""

from __future__ import annotations

from django_k8s.environment.env import Env


def process_labels(env: Env) -> dict[str, str]:
    """What is the same in every line of a process: role, release, environment."""
    found = {name: env.str(name.upper()) for name in ("role", "release", "environment")}
    return {name: value for name, value in found.items() if value}
