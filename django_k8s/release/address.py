"""The address at which to open the site."""

from __future__ import annotations

import socket
from typing import Any
from urllib.parse import urlsplit

from django_k8s.release.helm import Plan
from django_k8s.release.kube import Kubectl
from django_k8s.release.kubeconfig import Context

_FIRST_PORT, _PORTS = 8000, 20


def find(plan: Plan, kubectl: Kubectl, context: Context, service: str) -> str:
    """Return the URL of the site, or a command that forwards a port to it."""
    hosts = plan.get("hosts") or []
    if hosts and (plan.get("ingress", "enabled") or plan.get("gateway", "enabled")):
        secure = plan.get("gateway", "enabled") or plan.get("ingress", "tls", "enabled")
        path = plan.get("ingress", "path") or "/"
        return f"{'https' if secure else 'http'}://{hosts[0]}{path if path.startswith('/') else '/'}"
    found = kubectl.get("service", service)
    if found and (url := _of_service(found, context)):
        return url
    port = _free_port()
    arguments = f"--context {context.name} -n {kubectl.namespace}"
    target = found["spec"]["ports"][0]["port"] if found else 80
    return (
        f"kubectl {arguments} port-forward svc/{service} {port}:{target}    # then http://localhost:{port}/"
    )


def _of_service(service: dict[str, Any], context: Context) -> str:
    """Return the URL of a Service that is reachable from outside of the cluster, or an empty string."""
    kind, ports = service["spec"].get("type"), service["spec"]["ports"]
    if kind == "LoadBalancer":
        for entry in ((service.get("status") or {}).get("loadBalancer") or {}).get("ingress") or []:
            host, port = entry.get("hostname") or entry.get("ip"), ports[0]["port"]
            return f"http://{host}/" if port == 80 else f"http://{host}:{port}/"
    if kind in ("NodePort", "LoadBalancer") and context.local:
        port = ports[0].get("nodePort")
        for host in ("localhost", urlsplit(context.server).hostname):
            if host and port and _answers(host, port):
                return f"http://{host}:{port}/"
    return ""


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2):
            return True
    except OSError:
        return False


def _free_port() -> int:
    """Return the first free port of this machine, from 8000 on."""
    for port in range(_FIRST_PORT, _FIRST_PORT + _PORTS):
        if not _answers("127.0.0.1", port):
            return port
    return _FIRST_PORT
