"""Processes that share one pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from support.process import environment
from support.roles import lines

# A pipe takes such a line in many pieces. Words of one letter, since long ones take time to mask.
SCRIPT = """
import os
gate, key = os.pipe()
for name in "abcd":
    if not os.fork():
        os.close(key)
        os.read(gate, 1)  # until all are there
        for _ in range(20):
            print(f"{name} " * 50_000)
        os._exit(0)
os.close(key)
for _ in range(4):
    os.wait()
"""


def test_long_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    """A container's output is a pipe, which all processes of a role write to."""
    (tmp_path / "script.py").write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-m", "django_k8s.run_role", "script.py"],
        cwd=tmp_path, env=environment(LOG_FORMAT="json", LOG_STDOUT="json"), capture_output=True, text=True, check=True,
    )  # fmt: skip

    assert sorted(line["message"] for line in lines(done.stdout)) == [
        f"{name} " * 50_000 for name in "abcd" for _ in range(20)
    ]
