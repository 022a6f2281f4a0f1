"""Alerts and dashboard go by metrics that exist, and each alert fires for what it is about."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from cases import IMAGE, METRICS
from support.chart import CHART, merged, render
from support.need import need

HERE = Path(__file__).parent
# What stands in /metrics beside the counters and histograms of the code.
SERVED = {
    "django_info", "django_consuming", "django_heartbeat_age_seconds", "django_web_threads", "django_web_threads_busy",
    "django_database_pool_size", "django_database_pool_available", "django_database_requests_waiting",
    "django_beat_late_seconds", "django_beat_failing_entries", "django_queue_messages", "django_queue_oldest_seconds",
}  # fmt: skip


def rules() -> dict[str, Any]:
    """The alerts as the release "shop" in the namespace "space" has them."""
    objects = render(merged(IMAGE, METRICS))
    found: dict[str, Any] = next(item for item in objects if item["kind"] == "PrometheusRule")["spec"]
    return found


@pytest.fixture(scope="module")
def metrics() -> set[str]:
    """The names of all metrics, from the code and from the probe port's own."""
    from django_k8s.observability import metrics as module

    code = {name for value in vars(module).values() if hasattr(value, "_name") for name in [value._name]}
    exposition = (Path(module.__file__).parents[1] / "probe" / "exposition.py").read_text()
    for name in SERVED:
        # Some are put together from their ends.
        assert name in exposition or name.removeprefix("django_database_") in exposition, name
    return code | SERVED


def names(text: str) -> set[str]:
    found = re.findall(r"\bdjango_[a-z_]+\b", text)
    return {re.sub(r"_(total|bucket|count|sum)$", "", name) for name in found}


def test_alerts_go_by_metrics_that_exist(metrics: set[str]) -> None:
    """Alerts use existing metrics, because one with a misspelt name would never fire."""
    assert names((CHART / "files" / "alerts.yaml").read_text()) <= metrics


def test_dashboard_goes_by_metrics_that_exist(metrics: set[str]) -> None:
    """The dashboard uses existing metrics, and shows every metric."""
    text = (CHART / "files" / "dashboard.json").read_text()
    shown = names(" ".join(t["expr"] for panel in json.loads(text)["panels"] for t in panel["targets"]))
    assert shown <= metrics
    assert metrics - shown == {"django_consuming"}


def test_each_alert_is_tested() -> None:
    """For each alert, it is tested that it fires and that it does not fire."""
    cases = yaml.safe_load((HERE / "alerts.yaml").read_text())["tests"]
    alerts = {rule["alert"] for group in rules()["groups"] for rule in group["rules"]}
    assert {test["alertname"] for test in cases[0]["alert_rule_test"]} == alerts
    assert not any(test.get("exp_alerts") for test in cases[0]["alert_rule_test"])
    fire = [test for case in cases[1:] for test in case["alert_rule_test"] if test.get("exp_alerts")]
    assert {test["alertname"] for test in fire} == alerts


def test_alerts_fire(tmp_path: Path) -> None:
    """promtool runs the alerts over its own series."""
    promtool = shutil.which("promtool")
    need("promtool", promtool, "install prometheus")
    assert promtool
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(rules()))
    identity = 'namespace="space", app_kubernetes_io_instance="shop"'
    text = (HERE / "alerts.yaml").read_text().replace("{ID", "{" + identity)
    (tmp_path / "tests.yaml").write_text(f"rule_files: [rules.yaml]\n{text}")

    checked = subprocess.run(
        [promtool, "check", "rules", "rules.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    done = subprocess.run(
        [promtool, "test", "rules", "tests.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
