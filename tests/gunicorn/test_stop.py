"""No request is lost when a web pod stops, nor when its processes are replaced."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest
from support.load import Load, Report
from support.patience import patience
from support.process import wait_until
from support.web import Web, migrate, web

LAG = 2.0  # seconds for which routing still sends new connections to a pod that is deleted

INTERFACES = pytest.mark.parametrize("interface", ["wsgi", "asgi"])


async def roll(old: Web, new: Web, drain: float) -> Report:
    """Delete the old pod under load, as the kubelet does it: preStop, then SIGTERM."""
    load = Load([old.port, new.port])
    load.start()
    await asyncio.sleep(2)
    deleted = time.monotonic()
    await asyncio.sleep(LAG)
    load.ports = [new.port]
    await asyncio.sleep(drain - LAG)
    terminated = time.monotonic()
    status = await asyncio.to_thread(old.stop)
    took = time.monotonic() - terminated
    await asyncio.sleep(1)
    report = await load.stop()
    assert report.last[old.port] > deleted + LAG, "kept connections did not go on"
    assert status == 0, old.gunicorn.output
    assert took < patience(10, below=30), f"the stop took {took:.1f} s"
    return report


async def recycle(server: Web, processes: int, seconds: float) -> Report:
    """Load on a server that replaces its processes again and again, three times at least."""

    def thrice() -> bool:
        return server.gunicorn.output.count("Booting worker") >= processes + 3

    load = Load([server.port], pause=(0.0, 0.01))
    load.start()
    await asyncio.sleep(seconds)
    await asyncio.to_thread(wait_until, thrice, 60, "three replaced processes")
    return await load.stop()


def check(report: Report, at_least: int) -> None:
    assert report.failures == []
    assert report.total >= at_least, "the clients hardly asked anything"
    assert report.posts > 0
    print(f"{report.total} requests, {report.posts} POSTs, slowest {report.slowest:.2f} s")


def rolling(folder: Path, url: str, interface: str) -> None:
    options = {"DATABASE_URL": url, "WEB_INTERFACE": interface}
    with web(folder / "old", **options) as old, web(folder / "new", **options) as new:
        check(asyncio.run(roll(old, new, drain=3)), 300)


def recycling(folder: Path, url: str, interface: str, processes: int, seconds: float) -> None:
    options = {"WEB_MAX_REQUESTS": "100", "WEB_CONCURRENCY": str(processes), "WEB_INTERFACE": interface}
    with web(folder, DATABASE_URL=url, **options) as server:
        report = asyncio.run(recycle(server, processes, seconds))
    check(report, 300)


@pytest.mark.alone
@INTERFACES
def test_rolling_update(tmp_path: Path, postgres_url: str, interface: str) -> None:
    """32 clients, kept connections and new ones, 2 s of routing lag: no request fails."""
    rolling(tmp_path, migrate(postgres_url), interface)


@pytest.mark.alone
@pytest.mark.parametrize(("interface", "processes"), [("wsgi", 1), ("wsgi", 2), ("asgi", 2)])
def test_recycling(tmp_path: Path, postgres_url: str, interface: str, processes: int) -> None:
    """No request of 32 clients fails while each process is replaced after about 100 requests."""
    recycling(tmp_path, migrate(postgres_url), interface, processes, seconds=8)


@pytest.mark.soak
@pytest.mark.alone
@INTERFACES
def test_rolling_update_three_times(tmp_path: Path, postgres_url: str, interface: str) -> None:
    """Three rolling updates in a row, none of which loses a request."""
    url = migrate(postgres_url)
    for run in range(3):
        rolling(tmp_path / str(run), url, interface)


@pytest.mark.soak
@pytest.mark.alone
@pytest.mark.parametrize(("interface", "processes"), [("wsgi", 1), ("wsgi", 2), ("asgi", 2)])
def test_recycling_for_minutes(tmp_path: Path, postgres_url: str, interface: str, processes: int) -> None:
    """No request fails in three minutes of recycling."""
    url = migrate(postgres_url)
    for run in range(3):
        recycling(tmp_path / str(run), url, interface, processes, seconds=60)
