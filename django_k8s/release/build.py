"""Build the image from the working tree."""

from __future__ import annotations

import re
import shlex
import subprocess
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from django_k8s.environment.exit_codes import EX_NOINPUT
from django_k8s.environment.masking import mask
from django_k8s.release.outcome import FAILED, Stopped
from django_k8s.release.programs import attempt, failure, find
from django_k8s.release.project import Project, commit

_STEP = re.compile(r"#(?P<number>\d+) \[(?P<step>[^\]]+)\] (?P<command>.*)")
_OUTPUT = re.compile(r"#(?P<number>\d+) \d+\.\d+ (?P<text>.*)")
_BROKEN = re.compile(r"#(?P<number>\d+) ERROR: (?P<text>.*)")
_KEPT_LINES = 20
_SEVERAL_SECONDS = 0.5


def inputs(library: Path | None, options: Sequence[str]) -> list[bytes]:
    """Return the inputs of the image besides the working tree: our wheel and the options of the build."""
    found = [" ".join(options).encode()] if options else []
    if library is not None:
        wheels = sorted(library.glob("*.whl")) if library.is_dir() else []
        if len(wheels) != 1:
            raise Stopped(
                f"{library} must contain exactly one wheel of django-k8s-toolkit, but contains {len(wheels)}. Name "
                "another directory with --library.",
                EX_NOINPUT,
            )
        found.append(wheels[0].read_bytes())
    return found


def build(
    project: Project,
    image: str,
    library: Path | None,
    options: Sequence[str],
    status: Callable[[str], None],
) -> None:
    """Build ``image`` with deploy/Dockerfile. Raise Stopped with the end of the failing step's output.

    ``status`` is called with the current step.
    """
    revision = commit(project)
    command = [
        find("docker"), "buildx", "build", "--load", "--progress", "plain",
        # kind and others cannot load an image with an attestation.
        "--provenance=false",
        "-f", str(project.deploy / "Dockerfile"), "-t", image,
        "--build-arg", f"RELEASE={image.rpartition(':')[2]}",
        "--build-arg", f"REVISION={revision}",
        "--build-arg", f"CREATED={_created(project)}",
        *(("--build-context", f"library={library}") if library else ()),
        *options,
        str(project.root),
    ]  # fmt: skip
    log = _Log()
    said = 0.0
    with subprocess.Popen(  # noqa: S603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            step = log.add(line.rstrip("\n"))
            if step and time.monotonic() - said > _SEVERAL_SECONDS:
                said = time.monotonic()
                status(step)
    if process.returncode:
        raise log.failure(project)


def _created(project: Project) -> str:
    """Return the time of the commit, so that the same input gives the same image."""
    done = attempt("git", "show", "-s", "--format=%ct", "HEAD", directory=project.root)
    seconds = int(done.out.strip()) if done.status == 0 and done.out.strip().isdigit() else 0
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def image_id(image: str) -> str:
    """Return the ID of an image in the Docker daemon, or an empty string if it has none with that name."""
    done = attempt("docker", "image", "inspect", "-f", "{{.Id}}", image)
    return done.out.strip() if done.status == 0 else ""


class _Log:
    """The plain progress output of BuildKit: the current step, and what the failing step has printed."""

    def __init__(self) -> None:
        self._steps: dict[str, str] = {}
        self._printed: dict[str, deque[str]] = {}
        self._broken: list[tuple[str, str]] = []
        self._last: deque[str] = deque(maxlen=_KEPT_LINES)

    def add(self, line: str) -> str:
        """Add a line. Return the step that it starts, or an empty string."""
        if line.strip():
            self._last.append(line)
        if found := _STEP.fullmatch(line):
            self._steps.setdefault(found["number"], found["command"])
            return f"{found['step']} {found['command']}"
        if found := _OUTPUT.fullmatch(line):
            self._printed.setdefault(found["number"], deque(maxlen=_KEPT_LINES)).append(found["text"])
        elif found := _BROKEN.fullmatch(line):
            self._broken.append((found["number"], found["text"]))
        return ""

    def failure(self, project: Project) -> Stopped:
        """Return what went wrong."""
        text = "\n".join([*self._last, *(text for _, text in self._broken)])
        number, broken = next(
            (entry for entry in self._broken if "context canceled" not in entry[1].lower()), ("", "")
        )
        printed = tuple(mask(line) for line in self._printed.get(number, ()))
        if not printed:
            known = failure("docker buildx build", text)
            if not str(known).startswith("`docker"):
                return known
            if re.search(r"(pull access denied|not found|failed to resolve|failed to do request)", broken):
                name = broken.partition(":")[0]
                return Stopped(f"The build cannot get the image {self._steps.get(number, name)}: {broken}")
            return Stopped(f"The image cannot be built: {broken or known}", FAILED)
        if re.search(r"no space left on device", "\n".join(printed), re.IGNORECASE):
            return failure("docker buildx build", "\n".join(printed))
        ours = printed[-1].strip().removeprefix("django-k8s: ")
        if ours != printed[-1].strip():  # our own step has printed what to do
            return Stopped(f"The image cannot be built: {ours}", FAILED, printed[:-1])
        step = self._steps.get(number, "")
        shown = step if len(step) < 80 else f"{step[:77]}..."
        return Stopped(
            f"The image cannot be built: {printed[-1].strip()} (in `{shown}`). "
            f"Correct the project or {shlex.quote(str((project.deploy / 'Dockerfile').relative_to(project.root)))}.",
            FAILED,
            printed[:-1],
        )
