"""What a machine may lack: a test that needs it is skipped, listed at the end, and fails in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

missing: dict[str, set[str]] = {}


def need(what: str, found: object, remedy: str) -> None:
    """Skip the running test because ``what`` is not here, or fail where REQUIRE_ALL=1 is set (CI)."""
    if found:
        return
    missing.setdefault(f"{what} ({remedy})", set()).add(
        os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0]
    )
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is not on this machine: {remedy}", pytrace=False)
    pytest.skip(f"{what} is not on this machine: {remedy}")


def program(name: str, *folders: str) -> str | None:
    """The path of a program on PATH, or in one of the folders given as glob patterns."""
    found = shutil.which(name)
    if found:
        return found
    for pattern in folders:
        for path in sorted(Path("/").glob(pattern.lstrip("/") + "/" + name), reverse=True):
            return str(path)
    return None


def works(*command: str) -> bool:
    """Whether ``command`` is here and ends well: root in a container may lack the right to do it."""
    try:
        return subprocess.run(command, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
