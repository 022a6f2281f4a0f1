"""The one-off roles run our commands, and the system checks of deployments."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.process import run
from support.roles import ENTRYPOINT, role_environment


def enter(folder: Path, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = role_environment(folder, LOG_FORMAT="text", **variables)
    return run(["/bin/sh", ENTRYPOINT, *args], env, folder)


def test_check_includes_the_checks_of_deployments(tmp_path: Path) -> None:
    """It reports what only matters on a cluster, such as SQLite."""
    done = enter(tmp_path, "check")

    assert "django_k8s.W005" in done.stdout + done.stderr


def test_migrate_waits_for_the_database(tmp_path: Path) -> None:
    """A database that never comes is 75, without a traceback; Django's own command would end at once, with one."""
    done = enter(
        tmp_path, "migrate", DATABASE_URL="postgres://user:password@127.0.0.1:1/name", WAIT_SECONDS="1"
    )

    assert done.returncode == 75, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_wait_runs_health_checks(tmp_path: Path) -> None:
    """It takes their names, and refuses others with 64."""
    done = enter(tmp_path, "wait", "databse")

    assert done.returncode == 64, done.stdout + done.stderr
    assert "There is no health check 'databse'" in done.stdout + done.stderr
