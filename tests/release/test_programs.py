"""What programs say becomes one sentence that says what to do."""

from __future__ import annotations

import pytest

from django_k8s.release import programs
from django_k8s.release.outcome import Stopped


@pytest.mark.parametrize("program", ["git", "docker", "kubectl", "helm", "kind"])
def test_missing(program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is not installed is named, with where to get it."""
    monkeypatch.setenv("PATH", "")

    with pytest.raises(Stopped, match=rf"^{program} is not on PATH\. Install .*https://") as caught:
        programs.run(program, "version")
    assert caught.value.status == 69


# As docker, kubectl and Helm write it.
SAID = {
    "no daemon": (
        "ERROR: Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
        "The Docker daemon is not running.",
    ),
    "no right to the daemon": (
        (
            "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: dial unix "
            "/var/run/docker.sock: connect: permission denied"
        ),
        "You may not use the Docker daemon.",
    ),
    "full disk": ("write /var/lib/docker/tmp/x: no space left on device", "The disk is full"),
    "no buildx": ("docker: 'buildx' is not a docker command.\nSee 'docker --help'", "Docker lacks buildx"),
    "no context": (
        "error: current-context must exist in order to minify",
        "kubectl has no cluster to talk to",
    ),
    "unknown context": ("error: cannot locate context nope", "kubectl has no cluster to talk to"),
    "no cluster": (
        "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?",
        "The cluster does not answer",
    ),
    "helm without a cluster": (
        'Error: kubernetes cluster unreachable: Get "https://127.0.0.1:1/version": dial tcp 127.0.0.1:1: connect: connection refused',
        "The cluster does not answer",
    ),
    "logged out": (
        "error: You must be logged in to the server (Unauthorized)",
        "The cluster does not accept your credentials.",
    ),
    "no right": (
        (
            'Error from server (Forbidden): namespaces is forbidden: User "nobody" cannot create resource "namespaces" in API '
            'group "" at the cluster scope'
        ),
        'Your account may not do this in the cluster (namespaces is forbidden: User "nobody" cannot create',
    ),
    "refused values": (
        "Error: execution error at (django/templates/validate.yaml:8:4): image is missing. Name it.",
        "The chart refuses the values: image is missing. Name it. Correct",
    ),
    "unknown value": (
        (
            "Error: values don't meet the specifications of the schema(s) in the following chart(s):\ndjango:\n- at '': additional "
            "properties 'bogus' not allowed\n"
        ),
        "The chart refuses the values: - at '': additional properties 'bogus' not allowed",
    ),
    "bad file": (
        "Error: failed to parse deploy/values.yaml: error converting YAML to JSON: yaml: line 3: did not find expected key",
        "A values file cannot be read: failed to parse deploy/values.yaml",
    ),
    "two at once": (
        "Error: UPGRADE FAILED: another operation (install/upgrade/rollback) is in progress",
        "Another process is changing this environment.",
    ),
    "too slow": (
        "Error: failed to delete release: shop: uninstall: timed out waiting for the condition",
        "The cluster did not finish in time (failed to delete release: shop: uninstall: timed out waiting for the condition).",
    ),
    "too old": ("Error: unknown flag: --hide-secret", "A program is too old (unknown flag: --hide-secret)."),
    "anything": ("first line\nsomething odd\n", "`helm upgrade` failed: something odd"),
}


@pytest.mark.parametrize("case", SAID)
def test_sentence(case: str) -> None:
    """Each is known by what it says."""
    said, sentence = SAID[case]

    assert str(programs.failure("helm upgrade", said)).startswith(sentence)
