"""Scalers: more pods under load and fewer after it, with no request failed and no task lost."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Callable, Iterator

import pytest
from support.cluster import Images, Space, eventually, production, space, stores
from support.load import Load, Report
from support.need import need

pytestmark = pytest.mark.cluster

# Scalers wait for minutes, which a test has not.
HASTE = {"stabilizationWindowSeconds": 0, "policies": [{"type": "Pods", "value": 4, "periodSeconds": 5}]}
TASKS = 200


def known(*args: str) -> bool:
    return subprocess.run(["kubectl", *args], capture_output=True, check=False).returncode == 0


@pytest.fixture(scope="module")
def shop(images: Images) -> Iterator[Space]:
    with space("scaled") as made:
        stores(made, images.first)
        yield made


def replicas(shop: Space, name: str) -> int:
    return int(shop.get("deployment", name)["spec"].get("replicas", 0))


async def loaded(port: int, changes: Callable[[], None]) -> Report:
    load = Load([port], clients=24, pause=(0.0, 0.005))
    load.start()
    await asyncio.to_thread(changes)
    return await load.stop()


def test_web_follows_its_load(shop: Space, images: Images) -> None:
    """The HPA adds pods and takes them away again, an upgrade resets nothing, and no request fails."""
    need(
        "the metrics API",
        known("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes"),
        "install metrics-server",
    )
    scaling = {
        "enabled": True, "minReplicas": 1, "maxReplicas": 4, "targetCPU": 50,
        "behavior": {"scaleUp": HASTE, "scaleDown": HASTE},
    }  # fmt: skip
    values = production(
        shop, images.first, web={"autoscaling": scaling, "resources": {"requests": {"cpu": "100m"}}}
    )
    shop.release("shop", values)
    eventually(lambda: known("-n", shop.name, "top", "pods"), 90, "the first figures of the pods")
    assert replicas(shop, "shop-web") == 1

    def changes() -> None:
        eventually(lambda: replicas(shop, "shop-web") >= 2, 90, "a second pod")
        eventually(lambda: len(shop.pods("web")) >= 2 and shop.is_ready("web"), 60, "it to be ready")
        before = replicas(shop, "shop-web")
        shop.release("shop", {**values, "restartToken": "again"})
        assert replicas(shop, "shop-web") >= min(before, 2)

    report = asyncio.run(loaded(shop.port(), changes))
    print(f"{report.total} requests with {replicas(shop, 'shop-web')} pods at the end")
    assert report.failures == []
    eventually(lambda: replicas(shop, "shop-web") == 1, 120, "one pod again")


def test_eviction_of_web(shop: Space, images: Images) -> None:
    """A drain's eviction takes one pod, not the second beside it, and no request fails."""
    shop.release("shop", production(shop, images.first))

    def evict(pod: str) -> str:
        body = f'{{"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {{"name": "{pod}", "namespace": "{shop.name}"}}}}'
        path = f"/api/v1/namespaces/{shop.name}/pods/{pod}/eviction"
        done = subprocess.run(
            ["kubectl", "create", "--raw", path, "-f", "-"],
            input=body,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def changes() -> None:
        first, second = (pod["metadata"]["name"] for pod in shop.pods("web"))
        assert "Success" in evict(first)
        assert "disruption budget" in evict(second)
        eventually(lambda: len(shop.pods("web")) == 2 and shop.is_ready("web"), 60, "a successor")
        eventually(lambda: "Success" in evict(second), 30, "the second's turn")
        eventually(lambda: len(shop.pods("web")) == 2 and shop.is_ready("web"), 60, "a successor")

    report = asyncio.run(loaded(shop.port(), changes))
    assert report.failures == []


@pytest.mark.soak
def test_workers_follow_their_tasks(shop: Space, images: Images) -> None:
    """KEDA: none, then several for 200 tasks, then none; nothing is lost, and no running task is killed."""
    need("KEDA", known("get", "crd", "scaledobjects.keda.sh"), "install KEDA")
    keda = {"minReplicas": 0, "maxReplicas": 4, "cooldownPeriod": 10, "behavior": {"scaleDown": HASTE}}
    values = production(
        shop,
        images.first,
        workerDefaults={"keda": keda, "queues": ["celery"], "concurrency": 2},
        env={"QUEUE_SAMPLE_SECONDS": 2, "TICK_SECONDS": 3600},
    )
    # The scheduler's Service comes first: KEDA would keep a connection to whatever has answered at its address before.
    shop.release("shop", production(shop, images.first))
    shop.release("shop", values)
    eventually(
        lambda: replicas(shop, "shop-worker-default") == 0, 180, "no worker while there is nothing to do"
    )
    shop.python(
        f"from proving.tasks import work\nfor number in range({TASKS}): work.delay(number, 1.5)\nprint('sent')"
    )
    began, most = time.monotonic(), 0
    done = "from proving.models import Effect; print(Effect.objects.filter(number__gte=0).values('number').distinct().count())"

    def finished() -> bool:
        nonlocal most
        most = max(most, replicas(shop, "shop-worker-default"))
        return int(shop.python(done)) == TASKS

    eventually(finished, 400, f"{TASKS} tasks")
    runs = int(
        shop.python("from proving.models import Effect; print(Effect.objects.filter(number__gte=0).count())")
    )
    print(f"{TASKS} tasks took {time.monotonic() - began:.0f} s with at most {most} workers; {runs} runs")
    assert most >= 3
    assert runs == TASKS
    eventually(lambda: replicas(shop, "shop-worker-default") == 0, 180, "no worker again")
