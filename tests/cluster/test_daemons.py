"""Daemons on a cluster: ready, rolled without a gap, restarted if they hang, and reached by their Service."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from support.cluster import Images, Space, eventually, space, staging

pytestmark = pytest.mark.cluster

DAEMONS = {
    "turns": {"command": ["turns"], "heartbeat": True, "env": {"HEARTBEAT_STALENESS_SECONDS": 5}},
    "server": {"command": ["python", "-m", "http.server", "2525"], "port": 2525},
}


@pytest.fixture(scope="module")
def shop(images: Images) -> Iterator[Space]:
    """A staging environment with both daemons."""
    with space("daemons") as made:
        said = made.release("shop", staging(images.first, daemons=DAEMONS))
        assert "violate" not in said, said
        yield made


def stopped(shop: Space) -> int:
    code = "from proving.models import Effect; print(Effect.objects.filter(number=4711).count())"
    return int(shop.python(code))


def restarts(shop: Space) -> int:
    return sum(number for name, number in shop.restarts().items() if "daemon-turns" in name)


def test_it_runs(shop: Space) -> None:
    """A daemon is ready after its first heartbeat, and logs JSON."""
    assert shop.is_ready("daemon-turns")
    assert shop.is_ready("daemon-server")
    said = shop.kubectl("logs", "deploy/shop-daemon-turns", "-c", "daemon").splitlines()
    assert "turns" in [json.loads(line)["message"] for line in said]


def test_its_service(shop: Space) -> None:
    """Other pods of the release reach the daemon through its Service."""
    code = "import urllib.request; print(urllib.request.urlopen('http://shop-daemon-server:2525/', timeout=10).status)"
    assert shop.python(code) == "200"


def test_a_rollout_stops_the_old_one_in_order(shop: Space) -> None:
    """SIGTERM reaches the command, whose `finally` can use the database. The new pod was ready before."""
    before = stopped(shop)
    (old,) = shop.pods("daemon-turns")
    shop.kubectl("rollout", "restart", "deployment/shop-daemon-turns")
    shop.kubectl("rollout", "status", "deployment/shop-daemon-turns", "--timeout=120s")
    eventually(lambda: stopped(shop) == before + 1, 30, "the end of the old one")
    eventually(
        lambda: [pod["metadata"]["name"] for pod in shop.pods("daemon-turns")] != [old["metadata"]["name"]],
        30,
        "the new pod",
    )
    assert shop.is_ready("daemon-turns")
    assert restarts(shop) == 0


def test_one_that_hangs_is_restarted(shop: Space) -> None:
    """A daemon that hangs is restarted because of its heartbeat, and nothing else is."""
    shop.kubectl("exec", "deploy/shop-daemon-turns", "-c", "daemon", "--", "touch", "/tmp/hang")
    eventually(lambda: restarts(shop) > 0, 120, "the restart")
    eventually(lambda: shop.is_ready("daemon-turns"), 60, "its readiness")
    assert not any(number for name, number in shop.restarts().items() if "daemon-turns" not in name)
