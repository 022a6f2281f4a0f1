"""Production's shape, two pods of web and two workers on stores of their own: what is asked is answered, what is queued is done."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from support.cluster import VISIBILITY, Images, Space, eventually, production, space, stores
from support.load import Load, Report
from support.scheduler import INTERVAL, replaced, roll

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def shop(images: Images) -> Iterator[Space]:
    """A release that reaches PostgreSQL and Redis by Services of fixed names, with an existing Secret."""
    with space("traffic") as made:
        stores(made, images.first)
        workers = {"concurrency": 8, "resources": {"limits": {"memory": "1Gi"}}}
        made.release("shop", production(made, images.first, workerDefaults=workers))
        yield made


async def loaded(shop: Space, changes: Any, requests: int) -> Report:
    load = Load([shop.port()], clients=50)
    load.start()
    await asyncio.to_thread(changes)
    while load.report.total < requests and not load.report.failures:
        await asyncio.sleep(1)
    return await load.stop()


def rollout(shop: Space, times: int, requests: int) -> None:
    def changes() -> None:
        for number in range(times):
            shop.kubectl("rollout", "restart", "deployment/shop-web")
            shop.kubectl("rollout", "status", "deployment/shop-web", "--timeout=120s")
            print(f"restart {number + 1} is done")
        shop.kubectl("delete", "pod", shop.pods("web")[0]["metadata"]["name"], "--wait=false")
        eventually(lambda: len(shop.pods("web")) == 2 and shop.is_ready("web"), 60, "the pod's successor")

    report = asyncio.run(loaded(shop, changes, requests))
    print(f"{report.total} requests, {report.posts} of them POSTs, slowest {report.slowest:.2f} s")
    assert report.failures == []
    assert report.total >= requests


def test_no_request_fails(shop: Space) -> None:
    """50 clients while web is restarted once and a pod is deleted: no failed request."""
    rollout(shop, 1, 3000)


@pytest.mark.soak
def test_no_request_of_100000_fails(shop: Space) -> None:
    """Three restarts, one deletion, 100,000 requests."""
    rollout(shop, 3, 100_000)


def test_scheduler_rolls_on_managed_stores(shop: Space) -> None:
    """Where the stores are reached through aliases, no run is missed either."""
    pause = replaced(shop, lambda: roll(shop), copies=0)
    print(f"longest pause of an entry of {INTERVAL} s: {pause:.1f} s")
    assert pause <= INTERVAL + 5


def work(shop: Space, tasks: int, longest: float, seconds: float) -> None:
    shop.python("from proving.models import Effect; print(Effect.objects.filter(number__gte=0).delete()[0])")
    shop.python(
        "import random; from proving.tasks import work\n"
        f"for number in range({tasks}): work.delay(number, random.uniform(0.1, {longest}))\nprint('sent')"
    )
    done = "from proving.models import Effect; print(Effect.objects.filter(number__gte=0).values('number').distinct().count())"
    began = time.monotonic()
    shop.kubectl("rollout", "restart", "deployment/shop-worker-default")
    shop.kubectl("rollout", "status", "deployment/shop-worker-default", "--timeout=120s")
    victim = shop.pods("worker-default")[0]["metadata"]["name"]
    kill = (
        "import os, pathlib, signal\n"
        "for p in pathlib.Path('/proc').glob('[0-9]*'):\n"
        "  if b'celery' in (p / 'cmdline').read_bytes() and p.name != str(os.getpid()): os.kill(int(p.name), signal.SIGKILL)\n"
    )
    shop.kubectl("exec", victim, "--", "python", "-c", kill, check=False)
    # kombu's Redis transport notes a message as unacknowledged after it has popped it: one a killed worker may be lost.
    eventually(lambda: int(shop.python(done)) >= tasks - 1, seconds, f"{tasks} tasks, but one at most")
    lost = tasks - int(shop.python(done))
    print(
        f"{tasks} tasks took {time.monotonic() - began:.0f} s; lost: {lost}; visibility timeout: {VISIBILITY} s"
    )


def test_tasks_outlive_their_workers(shop: Space) -> None:
    """100 acks-late tasks while the workers roll and one is killed with -9."""
    work(shop, 100, 3, 150)


@pytest.mark.soak
def test_a_thousand_tasks_outlive_their_workers(shop: Space) -> None:
    """1,000 tasks of 0.1 to 20 s."""
    work(shop, 1000, 20, 2400)
