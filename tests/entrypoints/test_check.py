"""The role check."""

from __future__ import annotations

from pathlib import Path

from support.process import run
from support.roles import ENTRYPOINT, role_environment


def test_checks_of_a_deployment_too(tmp_path: Path) -> None:
    """It reports what only matters on a cluster, such as SQLite."""
    done = run(["/bin/sh", ENTRYPOINT, "check"], role_environment(tmp_path), tmp_path)

    assert "django_k8s.W005" in done.stdout + done.stderr
