"""Many throw-away environments at once on one small machine: up, working, gone, and nothing left behind."""

from __future__ import annotations

import json
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from support.cluster import Images, Space, eventually, space, staging
from support.process import get

pytestmark = pytest.mark.cluster


def one(images: Images, number: int) -> tuple[str, float, float]:
    """Bring an environment up, look at it, take it away; its name and the seconds of both."""
    with space(f"many-{number}") as made:
        began = time.monotonic()
        made.release("shop", staging(images.first), timeout="300s")
        up = time.monotonic() - began
        assert get(made.port(), "/board/", timeout=60).status == 200
        began = time.monotonic()
        gone(made)
        return made.name, up, time.monotonic() - began


def gone(made: Space) -> None:
    """Uninstall, wait for the pods, delete the namespace."""
    made.helm("uninstall", "shop")
    eventually(lambda: not made.items("pods"), 120, "the end of the pods")
    made.kubectl("delete", "namespace", made.name, "--timeout=120s")


def many(images: Images, count: int) -> None:
    with ThreadPoolExecutor(count) as pool:
        done = list(pool.map(lambda number: one(images, number), range(count)))
    for name, up, down in done:
        print(f"{name}: up in {up:.1f} s, gone in {down:.1f} s")
    names = {name for name, _, _ in done}
    volumes = subprocess.run(
        ["kubectl", "get", "pv", "-o", "json"], check=True, capture_output=True, text=True
    ).stdout
    left = [
        item
        for item in json.loads(volumes)["items"]
        if item["spec"].get("claimRef", {}).get("namespace") in names
    ]
    assert left == []


def test_three_environments(images: Images) -> None:
    """Three environments come up at the same time."""
    many(images, 3)


@pytest.mark.soak
def test_ten_environments(images: Images) -> None:
    """Ten environments come up at the same time."""
    many(images, 10)
