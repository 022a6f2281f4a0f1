"""Roles as the entrypoint starts them, and what they write."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_k8s.environment.assets import assets
from support.ports import free_port
from support.process import Process, environment, started
from support.web import PROJECT

ENTRYPOINT = str(assets() / "entrypoints" / "entrypoint")
SECRET = "k" * 25 + "0123456789abcdefghijklmnopq"


def role_environment(folder: Path, **variables: str) -> dict[str, str]:
    """Production's environment of the test project; state, traces and database in ``folder``."""
    (folder / "traces").mkdir(parents=True, exist_ok=True)
    return environment(
        **{
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "PYTHONPATH": str(PROJECT),
            "SECRET_KEY": SECRET,
            "ALLOWED_HOSTS": "*",
            "HTTPS": "false",
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "CELERY_BROKER_URL": f"filesystem://{folder}/broker",
            "TEST_TRACES": str(folder / "traces"),
            "STATE_DIR": str(folder / "state"),
            "RELEASE": "r1",
            "ENVIRONMENT": "tests",
            "LOG_FORMAT": "json",
            **variables,
        }
    )


@contextlib.contextmanager
def role(folder: Path, name: str, *args: str, **variables: str) -> Iterator[Process]:
    """A role by its entrypoint; ``port`` and ``probe_port`` on it are its ports, its log is NAME.log."""
    port, probe_port = free_port(), free_port()
    env = role_environment(folder, PORT=str(port), PROBE_PORT=str(probe_port), **variables)
    command = ["/bin/sh", ENTRYPOINT, name, *args]
    with started(command, env, folder, folder / f"{name}.log") as process:
        process.port, process.probe_port = port, probe_port  # type: ignore[attr-defined]
        yield process


# Celery writes it past every stream of Python.
CELERY_STOPS = "\nworker: Warm shutdown (MainProcess)\n"


def lines(output: str, *printed: str) -> list[dict[str, Any]]:
    """Read every line of an output as a JSON object; fail with the first that is none, and is not among ``printed``."""
    found = []
    for line in output.replace(CELERY_STOPS, "").splitlines():
        if line in printed:
            continue
        try:
            value = json.loads(line)
        except ValueError:
            raise AssertionError(f"not JSON: {line[:500]!r}") from None
        assert isinstance(value, dict), line
        assert {"time", "level", "logger", "message"} <= value.keys(), line
        found.append(value)
    return found


def samples(text: str) -> dict[str, float]:
    """The samples of /metrics by name and labels, as they stand there."""
    pairs = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in pairs}
