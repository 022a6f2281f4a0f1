"""What is said about a build that fails, from what BuildKit prints."""

from __future__ import annotations

from pathlib import Path

import pytest

from django_k8s.release import build
from django_k8s.release.outcome import Stopped
from django_k8s.release.project import Project

STEP = "python -m django collectstatic --noinput"
FAILED_STEP = f"""
#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s
#7 [dependencies 3/6] RUN pip install
#7 1.204 Collecting django
#7 CANCELED
#9 [project 2/3] RUN {STEP}
#9 0.512 Traceback (most recent call last):
#9 0.513   File "/app/config/settings.py", line 3, in <module>
#9 0.514 RuntimeError: broken on purpose
#9 ERROR: process "/bin/sh -c {STEP}" did not complete successfully: exit code: 1
------
 > [project 2/3] RUN {STEP}:
0.514 RuntimeError: broken on purpose
------
ERROR: failed to solve: process "/bin/sh -c {STEP}" did not complete successfully: exit code: 1
"""
NO_BASE = """
#2 [internal] load metadata for docker.io/library/python:9-slim
#2 ERROR: docker.io/library/python:9-slim: not found
ERROR: failed to solve: python:9-slim: failed to resolve source metadata for docker.io/library/python:9-slim: not found
"""
NO_DAEMON = (
    "ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?"
)
OURS = FAILED_STEP.replace("RuntimeError: broken on purpose", "django-k8s: the lock is missing. Write one.")
FULL = """
#7 [dependencies 3/6] RUN pip install
#7 9.204 ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device
#7 ERROR: process "/bin/sh -c pip install" did not complete successfully: exit code: 1
"""


def failure(printed: str) -> Stopped:
    log = build._Log()
    for line in printed.splitlines():
        log.add(line)
    return log.failure(Project(Path("/shop"), "shop"))


def test_the_step_that_failed() -> None:
    """The last line of the step says why; the lines before it are shown above the sentence."""
    found = failure(FAILED_STEP)

    assert str(found) == (
        f"The image cannot be built: RuntimeError: broken on purpose (in `RUN {STEP}`). "
        "Correct the project or deploy/Dockerfile."
    )
    assert found.details[0] == "Traceback (most recent call last):"
    assert found.status == 1


@pytest.mark.parametrize(
    ("printed", "sentence"),
    [
        (NO_BASE, "The build cannot get the image"),
        (NO_DAEMON, "The Docker daemon is not running."),
        (FULL, "The disk is full"),
        (OURS, "The image cannot be built: the lock is missing. Write one."),
    ],
)
def test_other_failures(printed: str, sentence: str) -> None:
    """What is no fault of the project, and what a step of ours has said."""
    found = str(failure(printed))

    assert found.startswith(sentence)
    assert "(in `" not in found


def test_library(tmp_path: Path) -> None:
    """A directory without a wheel is told at once."""
    with pytest.raises(
        Stopped, match=r"must contain exactly one wheel of django-k8s-toolkit, but contains 0"
    ):
        build.inputs(tmp_path, [])
    (tmp_path / "django_k8s_toolkit-1-py3-none-any.whl").write_bytes(b"wheel")

    assert build.inputs(tmp_path, ["--network=host"]) == [b"--network=host", b"wheel"]
    assert build.inputs(None, []) == []
