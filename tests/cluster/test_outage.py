"""The database goes away: nobody restarts; strict readiness takes web out, latched does not."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from support.cluster import Images, Space, eventually, space, staging
from support.process import get

pytestmark = pytest.mark.cluster


@pytest.fixture(scope="module")
def shop(images: Images) -> Iterator[Space]:
    """An environment whose data survives a restart of PostgreSQL."""
    with space("outage") as made:
        made.release("shop", staging(images.first, staging={"persistent": True}))
        yield made


def ticks(shop: Space) -> int:
    """How many there were; -1 while the database is not reached."""
    try:
        return int(shop.python("from board.models import TaskRun; print(TaskRun.objects.count())"))
    except AssertionError:
        return -1


def outage(shop: Space, images: Images, readiness: str, seconds: float) -> None:
    values = staging(
        images.first,
        staging={"persistent": True},
        env={**staging(images.first)["env"], "READINESS_DATABASE": readiness},
    )
    shop.release("shop", values)
    eventually(lambda: ticks(shop) > 0, 30, "a tick")
    port = shop.port()
    shop.scale("statefulset/shop-postgres", 0)
    began = time.monotonic()
    if readiness == "strict":
        eventually(lambda: not shop.is_ready("web"), 30, "web taken out")
        print(f"strict: taken out after {time.monotonic() - began:.1f} s")
    while time.monotonic() - began < seconds:
        if readiness == "latched":
            assert shop.is_ready("web")
            assert get(port, "/plain").status == 200
        time.sleep(1)
    shop.scale("statefulset/shop-postgres", 1)
    eventually(lambda: shop.is_ready("postgres"), 60, "PostgreSQL again")
    back = time.monotonic()
    eventually(lambda: shop.is_ready("web"), 10, "web again within 10 s")
    print(f"{readiness}: ready {time.monotonic() - back:.1f} s after PostgreSQL")
    eventually(lambda: ticks(shop) >= 0, 30, "the database behind its Service")
    count = ticks(shop)
    eventually(lambda: ticks(shop) > count, 60, "ticks go on")
    after = {name: number for name, number in shop.restarts().items() if "postgres" not in name}
    assert not any(after.values()), after


@pytest.mark.parametrize("readiness", ["latched", "strict"])
def test_database_away(shop: Space, images: Images, readiness: str) -> None:
    """A release survives a short outage of the database."""
    outage(shop, images, readiness, 20)


@pytest.mark.soak
@pytest.mark.parametrize("readiness", ["latched", "strict"])
def test_database_away_for_five_minutes(shop: Space, images: Images, readiness: str) -> None:
    """A release survives five minutes without the database."""
    outage(shop, images, readiness, 300)
