"""What is printed: lines, what is being done, the address."""

from __future__ import annotations

import socket
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from django_k8s.release import address, helm
from django_k8s.release.helm import Plan
from django_k8s.release.kube import Kubectl
from django_k8s.release.kubeconfig import Context
from django_k8s.release.outcome import Stopped
from django_k8s.release.report import Report

HERE = Context("here", "https://127.0.0.1:6443", "", "", local=True)
AWAY = Context("away", "https://203.0.113.7:6443", "", "", local=False)


class Terminal(StringIO):
    """An output that a person looks at."""

    def isatty(self) -> bool:
        return True


def test_lines() -> None:
    """What is being done is for a terminal only; the next line replaces it."""
    log, terminal, problems = StringIO(), Terminal(), StringIO()
    for out in (log, terminal):
        report = Report(out, problems)
        report.status("building")
        report.line("build", "shop:1")
        report.problem("It is broken.", ["why"])

    assert log.getvalue() == "build           shop:1\n"
    assert terminal.getvalue() == "building\r\x1b[Kbuild           shop:1\n"
    assert problems.getvalue() == "    why\ndjango-k8s: It is broken.\n" * 2
    assert (Report(log).is_terminal, Report(terminal).is_terminal) == (False, True)


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({"ingress": {"enabled": True, "tls": {"enabled": True}}}, "https://pr-1.example.com/"),
        (
            {"ingress": {"enabled": True, "tls": {"enabled": False}, "path": "/shop"}},
            "http://pr-1.example.com/shop",
        ),
        ({"gateway": {"enabled": True}}, "https://pr-1.example.com/"),
    ],
)
def test_address_of_a_host(values: dict[str, Any], url: str) -> None:
    """The host that is routed to web."""
    plan = Plan({"hosts": ["pr-1.example.com", "www.example.com"], **values}, 1)

    assert address.find(plan, Kubectl("here", "space"), HERE, "shop") == url


def service(kind: str, port: int, **status: Any) -> dict[str, Any]:
    return {"spec": {"type": kind, "ports": [{"port": 80, "nodePort": port}]}, "status": status}


def test_address_of_a_service() -> None:
    """The address is a port of the node if it answers on this machine, or that of a load balancer."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        assert address._of_service(service("NodePort", port), HERE) == f"http://localhost:{port}/"
        assert address._of_service(service("NodePort", port), AWAY) == ""
        assert address._of_service(service("ClusterIP", port), HERE) == ""
    assert address._of_service(service("NodePort", port), HERE) == ""
    balanced = service("LoadBalancer", 0, loadBalancer={"ingress": [{"ip": "203.0.113.9"}]})
    assert address._of_service(balanced, AWAY) == "http://203.0.113.9/"


def test_values_of_the_command_line(tmp_path: Path) -> None:
    """--set wins over --values, and a file that is missing is named before Helm is called."""
    file = tmp_path / "own.yaml"
    file.touch()

    assert helm.options(["a=b"], [file]) == ["-f", str(file), "--set", "a=b"]
    with pytest.raises(Stopped, match="There is no file missing"):
        helm.options([], [Path("missing.yaml")])


def test_age_of_a_revision() -> None:
    """Helm writes nanoseconds, in UTC or with a zone."""
    assert helm._age("2000-01-01T00:00:00.123456789Z") == pytest.approx(
        helm._age("2000-01-01T01:00:00.1+01:00"), abs=5
    )
