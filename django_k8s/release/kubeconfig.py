"""Find out which cluster is used, and whether it is on this machine."""

from __future__ import annotations

import ipaddress
import json
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django_k8s.release.outcome import Stopped
from django_k8s.release.programs import run

# Clusters whose nodes use the images of the Docker daemon.
_SHARED = frozenset({"docker-desktop", "docker-for-desktop", "orbstack", "rancher-desktop", "colima"})
_MINIKUBE = "minikube.sigs.k8s.io"


@dataclass(frozen=True, slots=True)
class Context:
    """One context of kubectl's configuration.

    ``provider`` is kind, k3d, minikube, docker (nodes that use the Docker daemon's images) or empty. ``cluster`` is the
    provider's name of the cluster.
    """

    name: str
    server: str
    provider: str
    cluster: str
    local: bool


def read(name: str = "") -> Context:
    """Return the context ``name``, or the current one. Raise Stopped if there is none."""
    chosen = ["--context", name] if name else []
    config = json.loads(run("kubectl", "config", "view", "--minify", "-o", "json", *chosen))
    return from_config(config)


def from_config(config: dict[str, Any]) -> Context:
    """Return the only context of a configuration, as ``kubectl config view --minify`` prints it."""
    contexts, clusters = config.get("contexts") or [], config.get("clusters") or []
    if not contexts or not clusters:
        raise Stopped(
            "kubectl has no cluster to talk to. Start one, such as minikube, or name one with --context."
        )
    name = str(contexts[0]["name"])
    server = str(clusters[0]["cluster"].get("server", ""))
    provider, cluster = _provider(name, contexts[0].get("context") or {}, clusters[0]["cluster"])
    return Context(name, server, provider, cluster, local=bool(provider) or _is_here(server))


def _provider(name: str, context: dict[str, Any], cluster: dict[str, Any]) -> tuple[str, str]:
    for kind in ("kind", "k3d"):
        if name.startswith(f"{kind}-"):
            return kind, name.removeprefix(f"{kind}-")
    if name in _SHARED:
        return "docker", name
    extensions = [*(context.get("extensions") or []), *(cluster.get("extensions") or [])]
    if name == "minikube" or any(
        isinstance(entry.get("extension"), dict) and entry["extension"].get("provider") == _MINIKUBE
        for entry in extensions
    ):
        return "minikube", str(context.get("cluster", name))
    return "", ""


def _is_here(server: str) -> bool:
    """Return whether the address belongs to this machine, which is so if a socket can be bound to it."""
    host = urlsplit(server).hostname or ""
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False  # a name; resolving it would take time and prove nothing
    if address.is_loopback:
        return True
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((host, 0))
    except OSError:
        return False
    return True
