"""Which cluster is meant, and whether it is on this machine."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from django_k8s.release.kubeconfig import from_config
from django_k8s.release.outcome import Stopped

REMOTE = "https://203.0.113.7:6443"  # an address for documentation
MINIKUBE = [{"name": "context_info", "extension": {"provider": "minikube.sigs.k8s.io", "version": "v1.36.0"}}]


def config(name: str, server: str = REMOTE, extensions: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """What `kubectl config view --minify` prints."""
    return {
        "contexts": [
            {"name": name, "context": {"cluster": f"c-{name}", "user": "u", "extensions": extensions}}
        ],
        "clusters": [{"name": f"c-{name}", "cluster": {"server": server}}],
    }


@pytest.mark.parametrize(
    ("given", "provider", "cluster", "local"),
    [
        (config("kind-kind"), "kind", "kind", True),
        (config("k3d-dev"), "k3d", "dev", True),
        (config("minikube"), "minikube", "c-minikube", True),
        (config("shop", extensions=MINIKUBE), "minikube", "c-shop", True),
        (config("docker-desktop"), "docker", "docker-desktop", True),
        (config("orbstack"), "docker", "orbstack", True),
        (config("own", "https://127.0.0.1:6443"), "", "", True),
        (config("own", "https://[::1]:6443"), "", "", True),
        (config("own", "https://localhost:6443"), "", "", True),
        (config("production"), "", "", False),
        (config("production", "https://abc.eks.amazonaws.com"), "", "", False),
        (config("my-kind-of-production"), "", "", False),
        (config("production", "https://kind.example.com"), "", "", False),
    ],
)
def test_context(given: dict[str, Any], provider: str, cluster: str, local: bool) -> None:
    """A provider is known by the context's name or by what it wrote into the configuration."""
    found = from_config(given)

    assert (found.provider, found.cluster, found.local) == (provider, cluster, local)


def test_own_address() -> None:
    """An address of this machine is local, also one that others can reach."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("203.0.113.7", 9))  # sends nothing
        address = probe.getsockname()[0]

    assert from_config(config("own", f"https://{address}:6443")).local


@pytest.mark.parametrize("given", [{}, {"contexts": None, "clusters": None}])
def test_nothing(given: dict[str, Any]) -> None:
    """No configuration at all."""
    with pytest.raises(Stopped, match="kubectl has no cluster to talk to"):
        from_config(given)
