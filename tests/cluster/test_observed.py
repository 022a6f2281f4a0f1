"""What Prometheus and a log's reader get to see, while pods serve, fail, are recycled and replaced."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.chart import render
from support.cluster import Images, Space, eventually, space, staging
from support.load import Load, Report
from support.need import need
from support.process import get
from support.prometheus import Prometheus, pods, prometheus
from support.roles import lines

pytestmark = pytest.mark.cluster

COMPONENTS = ("web", "worker-default", "scheduler", "migrate")
NODE_LOGS = Path("/var/log/pods")
# The chart's alerts wait for minutes, which nobody here has; what they look at stays.
HASTE = {"for": "5s", "> 60": "> 5"}


def values(image: str) -> dict[str, Any]:
    env = {
        **staging(image)["env"],
        "WEB_MAX_REQUESTS": 300,
        "WEB_ACCESS_LOG": True,
        "QUEUE_SAMPLE_SECONDS": 1,
    }
    return staging(
        image,
        env=env,
        metrics={"enabled": True, "lingerSeconds": 6},
        web={"graceSeconds": 60, "service": {"type": "NodePort"}},
    )


@pytest.fixture(scope="module")
def shop(images: Images) -> Iterator[Space]:
    with space("observed") as made:
        made.release("shop", values(images.first))
        yield made


@pytest.fixture(scope="module")
def metrics(shop: Space, images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    """Prometheus with the chart's alerts, in haste."""
    objects = render({**values(images.first), "metrics": {"enabled": True, "rules": {"enabled": True}}})
    spec = next(item for item in objects if item["kind"] == "PrometheusRule")["spec"]
    for rule in (rule for group in spec["groups"] for rule in group["rules"]):
        rule["for"] = HASTE["for"]
        rule["expr"] = (
            rule["expr"]
            .replace('namespace="space"', f'namespace="{shop.name}"')
            .replace("> 60", HASTE["> 60"])
        )
    with prometheus(tmp_path_factory.mktemp("observed") / "prometheus", lambda: pods(shop), spec) as made:
        eventually(lambda: {"web", "worker", "beat"} <= roles(made), 30, "every role in Prometheus")
        yield made


def roles(metrics: Prometheus) -> set[str]:
    return {sample["metric"]["role"] for sample in metrics.query("django_info")}


def written(shop: Space) -> dict[str, str]:
    """The log of every container of ours that is there, by pod and container."""
    found = {}
    for component in COMPONENTS:
        for pod in shop.items("pods", "-l", f"app.kubernetes.io/component={component}"):
            spec, name = pod["spec"], pod["metadata"]["name"]
            for container in [*spec.get("initContainers", []), *spec["containers"]]:
                found[f"{name}/{container['name']}"] = shop.kubectl(
                    "logs", name, "-c", container["name"], check=False
                )
    return found


async def loaded(port: int, changes: Any) -> Report:
    load = Load([port], clients=12)
    load.start()
    await asyncio.to_thread(changes)
    return await load.stop()


def test_counts_and_lines_under_load(shop: Space, metrics: Prometheus, images: Images) -> None:
    """Prometheus's sum is what was answered, over recycled processes and a rollout; every line is JSON."""
    port = shop.port()
    failed = 0
    stop = threading.Event()

    def fail() -> None:
        nonlocal failed
        while not stop.wait(0.2):
            assert get(port, "/fail").status == 500
            failed += 1

    def changes() -> None:
        shop.kubectl("rollout", "restart", "deployment/shop-web")
        shop.kubectl("rollout", "status", "deployment/shop-web", "--timeout=120s")
        eventually(
            lambda: len(shop.items("pods", "-l", "app.kubernetes.io/component=web")) == 1,
            60,
            "the old pod's end",
        )

    thread = threading.Thread(target=fail)
    thread.start()
    try:
        report = asyncio.run(loaded(port, changes))
    finally:
        stop.set()
        thread.join()
    assert report.failures == []
    answered = report.total + failed
    total = "sum(max_over_time(django_http_requests_total[1h]))"
    eventually(lambda: metrics.value(total) >= answered, 20, "a last scrape")
    errors = metrics.value('sum(max_over_time(django_http_requests_total{status="500"}[1h]))')
    recycled = 0
    for name, text in written(shop).items():
        found = lines(text)
        assert found or not name.endswith(("/web", "/worker", "/beat", "/migrate")), name
        recycled += sum("Booting worker" in line["message"] for line in found)
    print(
        f"{answered} answered, {failed} of them errors; Prometheus: {metrics.value(total):.0f} and {errors:.0f}; {recycled} processes"
    )
    assert metrics.value(total) == answered
    assert errors == failed
    assert recycled > 1


def test_one_request_from_access_log_to_task_log(shop: Space) -> None:
    """Its id is in both, and in the answer."""
    assert get(shop.port(), "/send", headers={"X-Request-ID": "edge-1"}).headers["x-request-id"] == "edge-1"

    def found() -> bool:
        every = {name: lines(text) for name, text in written(shop).items()}
        mine = {
            (name.rpartition("/")[2], line["logger"])
            for name, log in every.items()
            for line in log
            if line.get("request_id") == "edge-1"
        }
        return {("web", "gunicorn.access"), ("worker", "celery.app.trace")} <= mine

    eventually(found, 30, "the id in both logs")


def test_the_log_as_the_kubelet_writes_it(shop: Space) -> None:
    """What an agent of a DaemonSet reads: long lines come in parts, and put together each is one object."""
    need("the node's logs", NODE_LOGS.is_dir(), "run where the node's /var/log/pods can be read")
    get(shop.port(), "/fail")
    (pod,) = shop.pods("web")
    folder = NODE_LOGS / f"{shop.name}_{pod['metadata']['name']}_{pod['metadata']['uid']}" / "web"

    def objects() -> list[dict[str, Any]]:
        """By the format of the container runtime: TIME STREAM P|F TEXT."""
        found, begun = [], ""
        for line in (folder / "0.log").read_text().splitlines():
            _time, _stream, tag, text = line.split(" ", 3)
            begun += text
            if tag == "F":
                found.append(json.loads(begun))
                begun = ""
        return found

    eventually(lambda: any("exception" in line for line in objects()), 10, "the error's line")
    longest = max(len(json.dumps(line)) for line in objects())
    assert longest > 16 * 1024


def test_alerts(shop: Space, metrics: Prometheus) -> None:
    """No worker while tasks wait, and a beat that cannot publish: both alerts fire, and stop."""
    watched = {"DjangoWorkerMissing", "DjangoBeatLate"}
    assert not metrics.firing() & watched
    shop.scale("deployment/shop-worker-default", 0)
    eventually(lambda: "DjangoWorkerMissing" in metrics.firing(), 60, "the alert of the missing worker")
    shop.scale("deployment/shop-worker-default", 1)
    eventually(lambda: "DjangoWorkerMissing" not in metrics.firing(), 60, "its end")
    shop.scale("statefulset/shop-redis", 0)
    eventually(lambda: "DjangoBeatLate" in metrics.firing(), 60, "the alert of the late beat")
    shop.scale("statefulset/shop-redis", 1)
    eventually(lambda: not metrics.firing() & watched, 60, "its end")
