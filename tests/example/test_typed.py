"""The example has no complaint from mypy --strict, and none from ruff with its default rules."""

from __future__ import annotations

import sys
from pathlib import Path

from support import example
from support.process import environment, run


def test_mypy_strict(tmp_path: Path) -> None:
    """By the example's own configuration, as a user of the template runs it; the cache is not kept."""
    folder = example.copy(tmp_path / "site")
    args = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir", "/dev/null", "."]
    done = run(args, environment(DEBUG="true"), folder, 300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Success: no issues found" in done.stdout


def test_ruff_with_default_rules(tmp_path: Path) -> None:
    """In a copy, where this library is one of others; and here, where it is the repository's own."""
    copy = example.copy(tmp_path / "site")
    for folder in (copy, example.EXAMPLE):
        args = [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", "."]
        done = run(args, environment(), folder)
        assert done.returncode == 0, done.stdout + done.stderr
