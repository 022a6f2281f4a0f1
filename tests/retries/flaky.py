"""Tests for tests/test_run.py, which names this file: the pattern of test files does not find it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.need import need


def test_fails_at_first() -> None:
    """Fail in the first run only. A file records that there was one."""
    seen = Path(os.environ["RETRIES"]) / "seen"
    if not seen.exists():
        seen.touch()
        pytest.fail("not yet\nand a second line", pytrace=False)


def test_lacks_a_program() -> None:
    need("a lathe", None, "install lathe")


def test_passes() -> None:
    """A child takes a second of CPU time."""
    code = "import time\nwhile time.process_time() < 1: pass"
    subprocess.run([sys.executable, "-c", code], check=True)
