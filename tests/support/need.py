"""What a machine may lack: a test that needs it is skipped, listed at the end of the run, and fails in CI."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

# One sentence for the reader of a skip, and the form in which the end of a run finds it again.
_REASON = "{what} is not on this machine: {remedy}"
_FOUND = re.compile(r"(?:Skipped: )?(?P<what>.+?) is not on this machine: (?P<remedy>.+)", re.DOTALL)


def need(what: str, found: object, remedy: str) -> None:
    """Skip the running test because ``what`` is not here, or fail where REQUIRE_ALL=1 is set (CI)."""
    if found:
        return
    reason = _REASON.format(what=what, remedy=remedy)
    if os.environ.get("REQUIRE_ALL") == "1":
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def remedy(reason: str) -> str | None:
    """Return what is missing and how to get it from a skip's reason; None for a skip of another kind."""
    found = _FOUND.fullmatch(reason)
    return f"{found['what']}: {found['remedy']}" if found else None


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
