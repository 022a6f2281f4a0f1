"""The labels of a process in logs and metrics."""

from __future__ import annotations

from django_k8s.environment.env import Env


def process_labels(env: Env) -> dict[str, str]:
    """Return the role, the release and the environment, which are the same in every line. Leave out empty ones."""
    found = {name: env.str(name.upper()) for name in ("role", "release", "environment")}
    return {name: value for name, value in found.items() if value}
