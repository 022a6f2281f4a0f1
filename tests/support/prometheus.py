"""A real Prometheus on the loopback address."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from support.cluster import Space
from support.need import need, program
from support.ports import free_port
from support.process import answers, environment, get, started, wait_until


@dataclass
class Prometheus:
    """Where it answers."""

    port: int

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The samples of an instant query, each with its labels (metric) and value."""
        answer = get(self.port, f"/api/v1/query?query={quote(expression)}").json()
        assert answer["status"] == "success", answer
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def value(self, expression: str) -> float:
        """The value of an expression that has one sample; 0 where it has none."""
        found = self.query(expression)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else 0.0

    def firing(self) -> set[str]:
        """The names of the alerts that fire."""
        return {sample["metric"]["alertname"] for sample in self.query('ALERTS{alertstate="firing"}')}


@contextlib.contextmanager
def prometheus(
    folder: Path,
    targets: Callable[[], list[dict[str, Any]]],
    rules: dict[str, Any],
    *,
    interval: str = "1s",
    evaluation: str = "1s",
) -> Iterator[Prometheus]:
    """It scrapes at an interval what ``targets`` names, as Prometheus reads it from files."""
    server = program("prometheus", "/usr/bin")
    need("Prometheus", server, "install prometheus")
    assert server
    folder.mkdir()
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules))
    config = {
        "global": {"scrape_interval": interval, "evaluation_interval": evaluation},
        "rule_files": ["rules.yaml"],
        "scrape_configs": [
            {"job_name": "pods", "file_sd_configs": [{"files": ["pods.json"], "refresh_interval": "1s"}]}
        ],
    }
    (folder / "prometheus.yaml").write_text(json.dumps(config))
    made = Prometheus(free_port())
    command = [
        server, "--config.file=prometheus.yaml", "--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{made.port}",
    ]  # fmt: skip
    with started(command, environment(), folder, folder / "prometheus.log") as process:
        wait_until(lambda: answers(made.port, "/-/ready") or not process.running(), 30, "Prometheus")
        assert process.running(), process.output
        ended = threading.Event()
        discovery = threading.Thread(target=_discover, args=(folder / "pods.json", targets, ended))
        discovery.start()
        try:
            yield made
        finally:
            ended.set()
            discovery.join()


def pods(shop: Space) -> list[dict[str, Any]]:
    """The probe port of every pod, those that end too, with the labels that the chart's PodMonitor gives."""
    return [
        {
            "targets": [f"{pod['status']['podIP']}:8001"],
            "labels": {
                "namespace": shop.name,
                "pod": pod["metadata"]["name"],
                **{
                    f"app_kubernetes_io_{name}": pod["metadata"]["labels"][f"app.kubernetes.io/{name}"]
                    for name in ("instance", "component")
                },
            },
        }
        for pod in shop.items("pods")
        if pod["status"].get("podIP")
        and any(
            port["name"] == "probe"
            for container in pod["spec"]["containers"]
            for port in container.get("ports", [])
        )
    ]


def _discover(path: Path, targets: Callable[[], list[dict[str, Any]]], ended: threading.Event) -> None:
    """Debian's build cannot ask Kubernetes itself."""
    while not ended.wait(0.3):
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(targets()))
        draft.replace(path)
