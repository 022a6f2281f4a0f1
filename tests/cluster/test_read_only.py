"""Two schedulers whose database takes no writes for two minutes: somebody is told, and nothing is lost or published twice."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from support.chart import render
from support.cluster import Images, Space, eventually, space, staging
from support.process import get
from support.prometheus import Prometheus, pods, prometheus
from support.scheduler import INTERVAL, ticks

pytestmark = [pytest.mark.cluster, pytest.mark.soak]

SECONDS = 120  # without a write
ALARM = 90
LATE = "max(django_beat_late_seconds)"


def values(image: str) -> dict[str, Any]:
    return staging(image, metrics={"enabled": True}, staging={"persistent": True})


@pytest.fixture
def shop(images: Images) -> Iterator[Space]:
    """Two schedulers, as beside a rollout."""
    with space("read-only") as made:
        made.release("shop", values(images.first))
        made.scale("deployment/shop-scheduler", 2)
        eventually(lambda: len(made.pods("scheduler")) == 2 and made.is_ready("scheduler"), 90, "two of them")
        yield made


@pytest.fixture
def metrics(shop: Space, tmp_path: Path) -> Iterator[Prometheus]:
    """Prometheus with the chart's alerts and interval as they are."""
    given = render(
        {**values("image:1"), "metrics": {"enabled": True, "rules": {"enabled": True}, "podMonitor": {"enabled": True}}}
    )  # fmt: skip
    rule = next(item for item in given if item["kind"] == "PrometheusRule")["spec"]
    for group in rule["groups"]:
        for alert in group["rules"]:
            alert["expr"] = alert["expr"].replace('namespace="space"', f'namespace="{shop.name}"')
    (endpoint,) = next(item for item in given if item["kind"] == "PodMonitor")["spec"]["podMetricsEndpoints"]
    interval = endpoint["interval"]
    with prometheus(
        tmp_path / "prometheus", lambda: pods(shop), rule, interval=interval, evaluation="15s"
    ) as made:
        eventually(lambda: len(made.query("django_beat_late_seconds")) == 2, 90, "both beats in Prometheus")
        yield made


def writes(shop: Space, *, on: bool) -> None:
    """Let the server take writes or not, from the next transaction of each session on."""
    change = f"ALTER SYSTEM SET default_transaction_read_only = {'off' if on else 'on'}"
    shop.kubectl(
        "exec", "statefulset/shop-postgres", "--", "sh", "-c",
        'psql -qU "$POSTGRES_USER" -d "${POSTGRES_DB:-$POSTGRES_USER}" -v ON_ERROR_STOP=1'
        f" -c 'SET default_transaction_read_only = off' -c '{change}' -c 'SELECT pg_reload_conf()'",
    )  # fmt: skip


def wrote(shop: Space) -> bool:
    """Whether a request that writes succeeds."""
    return get(shop.port(), "/write", method="POST", body=b"").status == 201


def published(shop: Space) -> list[float]:
    """The due times that both beats say they have published for the entry "note"."""
    found = []
    for pod in shop.pods("scheduler"):
        log = shop.kubectl("logs", pod["metadata"]["name"], "-c", "beat")
        found += re.findall(r"beat: published note \(\S+\), due ([^\s\"]+)", log)
    return sorted(datetime.fromisoformat(due).timestamp() for due in found)


def test_two_minutes_without_a_write(shop: Space, metrics: Prometheus) -> None:
    """The alarm within 90 seconds, readiness, one message for what was missed, no restart."""
    eventually(lambda: len(published(shop)) > 3, 60, "messages of beat")
    assert "DjangoBeatLate" not in metrics.firing()
    writes(shop, on=False)
    began, clock = time.monotonic(), time.time()
    eventually(lambda: "DjangoBeatLate" in metrics.firing(), ALARM, "the alarm")
    print(f"alarm after {time.monotonic() - began:.0f} s, late by {metrics.value(LATE):.0f} s")
    eventually(lambda: not shop.is_ready("scheduler"), ALARM + 30, "readiness says so")
    print(f"not ready after {time.monotonic() - began:.0f} s")
    while time.monotonic() - began < SECONDS:
        time.sleep(1)  # the length of the disturbance
    during = published(shop)
    writes(shop, on=True)
    back, now = time.monotonic(), time.time()
    eventually(lambda: wrote(shop), 10, "a request that writes")
    print(f"web wrote {time.monotonic() - back:.1f} s after writes were possible")
    eventually(lambda: ticks(shop, now), 30, "ticks go on")
    print(f"a message of beat was done {time.monotonic() - back:.1f} s after writes")
    eventually(lambda: shop.is_ready("scheduler") and len(shop.pods("scheduler")) == 2, 30, "both are ready")
    eventually(lambda: "DjangoBeatLate" not in metrics.firing(), 60, "the end of the alarm")
    after = published(shop)
    assert len(after) == len(set(after)), "nothing twice"
    assert not [due for due in during if due > clock + INTERVAL], "nothing while nothing could be noted"
    missed = [due for due in after if clock + INTERVAL < due < now - INTERVAL]
    assert len(missed) <= 1, "what was missed coalesces"
    arrived = ticks(shop, now)
    assert [due for due, _, _ in arrived] == [due for due in after if now <= due <= arrived[-1][0]], (
        "none is lost"
    )
    assert len({identity for _, _, identity in arrived}) == len(arrived)
    assert not any(shop.restarts().values()), shop.restarts()
