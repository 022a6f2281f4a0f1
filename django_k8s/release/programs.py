"""The programs that do the work: git, docker, kubectl, helm, and tools that load images into local clusters."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from django_k8s.environment.exit_codes import EX_CONFIG, EX_NOPERM, EX_TEMPFAIL, EX_UNAVAILABLE
from django_k8s.release.outcome import Stopped

# Where to get each of them.
_SOURCES = {
    "git": "Install it from https://git-scm.com",
    "docker": "Install Docker Engine or Docker Desktop from https://docs.docker.com/get-docker",
    "kubectl": "Install it from https://kubernetes.io/docs/tasks/tools",
    "helm": "Install Helm 3.14 or newer from https://helm.sh/docs/intro/install",
    "minikube": "Install it from https://minikube.sigs.k8s.io",
    "kind": "Install it from https://kind.sigs.k8s.io",
    "k3d": "Install it from https://k3d.io",
}

# What the programs say, and our sentence for it. The first match counts. {said} is their last line.
_MEANINGS: tuple[tuple[str, str, int], ...] = (
    (
        r"no space left on device|disk quota exceeded",
        "The disk is full ({said}). Free some space, for example with `docker system prune`, and run this again.",
        EX_UNAVAILABLE,
    ),
    (
        r"permission denied.*docker.*sock",
        "You may not use the Docker daemon. Add your user to the group docker, or run Docker rootless.",
        EX_NOPERM,
    ),
    (
        r"cannot connect to the docker daemon|docker daemon is not running|error during connect|docker\.sock: connect",
        "The Docker daemon is not running. Start Docker and run this again.",
        EX_UNAVAILABLE,
    ),
    (
        r"'buildx' is not a docker command|unknown command: docker buildx",
        "Docker lacks buildx, which builds the images. Install the plugin docker-buildx.",
        EX_UNAVAILABLE,
    ),
    (
        r"current-context|no configuration has been provided|context was not found|cannot locate context",
        "kubectl has no cluster to talk to ({said}). Start one, such as minikube, or name one with --context.",
        EX_UNAVAILABLE,
    ),
    (
        r"must be logged in|unauthorized\b.*server|the server has asked for the client to provide credentials",
        "The cluster does not accept your credentials. Log in to it again.",
        EX_NOPERM,
    ),
    (
        r"forbidden",
        "Your account may not do this in the cluster ({said}). Ask its administrator for the permission.",
        EX_NOPERM,
    ),
    (
        r"unable to connect to the server|connection refused|server \S+ was refused|cluster unreachable|no such host",
        "The cluster does not answer ({said}). Start it, or choose another one with --context.",
        EX_UNAVAILABLE,
    ),
    (
        r"no route to host|i/o timeout|couldn't get current server api",
        "The cluster does not answer ({said}). Check the network, or choose another one with --context.",
        EX_UNAVAILABLE,
    ),
    (
        r"another operation .* is in progress",
        "Another process is changing this environment. Wait until it has ended and run this again.",
        EX_UNAVAILABLE,
    ),
    (
        r"unknown flag",
        "A program is too old ({said}). Install a newer release: Helm 3.14, kubectl 1.30 and Docker with buildx are the oldest.",
        EX_UNAVAILABLE,
    ),
    (
        r"execution error at \(|values don't meet the specifications|error calling include",
        "The chart refuses the values: {said}. Correct deploy/values.yaml or deploy/values-staging.yaml.",
        EX_CONFIG,
    ),
    (
        r"failed to parse|error converting yaml|cannot unmarshal",
        "A values file cannot be read: {said}. Correct it.",
        EX_CONFIG,
    ),
    (
        r"context deadline exceeded|timed out waiting",
        "The cluster did not finish in time ({said}). Run this again, with a longer --timeout if necessary.",
        EX_TEMPFAIL,
    ),
)


class Result(NamedTuple):
    """The result of a program: its exit status and output."""

    status: int
    out: str
    err: str


def find(program: str) -> str:
    """Return the path of ``program``. If it is not installed, raise Stopped, which says where to get it."""
    path = shutil.which(program)
    if path is None:
        source = _SOURCES.get(program, "Install it")
        raise Stopped(f"{program} is not on PATH. {source}, and run this again.", EX_UNAVAILABLE)
    return path


def attempt(
    program: str,
    *args: str,
    stdin: str | None = None,
    directory: Path | None = None,
    variables: Mapping[str, str] | None = None,
) -> Result:
    """Run ``program`` and return how it ended. Raise Stopped if it is not installed."""
    path = find(program)
    done = subprocess.run(  # noqa: S603
        [path, *args],
        stdin=subprocess.DEVNULL if stdin is None else None,
        input=stdin,
        cwd=directory,
        env=variables,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def run(program: str, *args: str, stdin: str | None = None, directory: Path | None = None) -> str:
    """Run ``program`` and return its output. Raise Stopped with one sentence if it fails."""
    done = attempt(program, *args, stdin=stdin, directory=directory)
    if done.status:
        raise failure(f"{program} {_shown(args)}", done.err or done.out)
    return done.out


def failure(command: str, text: str) -> Stopped:
    """Return the sentence for a program that failed and wrote ``text``."""
    said = last_line(text)
    for pattern, sentence, status in _MEANINGS:
        if re.search(pattern, text, re.IGNORECASE | re.DOTALL):
            return Stopped(sentence.format(said=said.rstrip(".")), status)
    return Stopped(f"`{command}` failed: {said or 'it gave no reason'}", EX_UNAVAILABLE)


def last_line(text: str) -> str:
    """Return the last meaningful line, without the prefixes of Helm and kubectl."""
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    # Helm puts the path through its templates before the message of the chart.
    said = lines[-1] if lines else ""
    said = re.sub(r"^.*(?:error calling (?:fail|include)|execution error at \([^)]*\)): ", "", said)
    return re.sub(r"^(?:Error|ERROR)(?: from server)?(?: \(\w+\))?:? ", "", said, flags=re.IGNORECASE)


def _shown(args: Sequence[str]) -> str:
    """Return the first words of a command line, which say what it does."""
    return " ".join(args[:2])
