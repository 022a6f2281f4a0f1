"""The environment in which a project's roles run on this machine."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from django_k8s.environment.env import Env
from django_k8s.environment.local_state import local_state
from django_k8s.environment.shell_exports import variables_to_export


def environment(directory: Path, port: int) -> dict[str, str]:
    """Return the environment of the roles: that of this process, with defaults for a development machine."""
    defaults = {
        "DEBUG": "true",
        "DJANGO_SETTINGS_MODULE": settings_module(directory),
        "STATE_DIR": str(local_state(directory) / "run"),
        "WORKER_CONCURRENCY": "2",
        "WEB_CONCURRENCY": "1",
    }
    named = Env(directory, environ=os.environ)
    kept = {name: value for name, value in defaults.items() if named.resolve(name) is None}
    env = {
        **kept,
        **dict(variables_to_export(named)),
        **os.environ,
        "PORT": str(port),
        "PYTHONUNBUFFERED": "1",
    }
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    return env


def settings_module(directory: Path) -> str:
    """Return the settings module that manage.py sets, or ``config.settings``."""
    match = re.search(
        r"DJANGO_SETTINGS_MODULE[\"']\s*,\s*[\"']([\w.]+)",
        (directory / "manage.py").read_text(errors="replace"),
    )
    return match[1] if match else "config.settings"


def grace(role: str, environ: Mapping[str, str]) -> float:
    """Return the grace period of a role in seconds, between SIGTERM and SIGKILL."""
    env, name = Env(environ=environ), f"{role.upper()}_GRACE_SECONDS"
    return env.int(name) if name in env.table else 10.0
