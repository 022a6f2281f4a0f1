"""Processes that share one pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.process import environment
from support.roles import lines

# A pipe keeps writes of 4096 bytes whole, and no longer ones.
SCRIPT = """
import os
for name in "abcd":
    if not os.fork():
        for _ in range(30):
            print(name * 8_000)
        os._exit(0)
for _ in range(4):
    os.wait()
"""


def test_long_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    """A container's output is a pipe, which all processes of a role write to."""
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "django_k8s.observability.launch", "script.py"],
        cwd=tmp_path, env=environment(LOG_FORMAT="json"), capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert sorted(line["message"] for line in lines(done.stdout)) == [
        name * 8_000 for name in "abcd" for _ in range(30)
    ]
