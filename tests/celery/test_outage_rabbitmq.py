"""Acks-late tasks on RabbitMQ, which confirms what it stores: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.outage_cases import LONG, SHORT, black_hole, kill, outlive, replace
from support.proxy import proxy
from support.rabbitmq import RabbitMQ, rabbitmq
from support.worker import Workers


@pytest.fixture
def server() -> Iterator[RabbitMQ]:
    with rabbitmq() as made:
        yield made


def everything(folder: Path, server: RabbitMQ, tasks: int) -> None:
    def restart(group: Workers) -> None:
        server.stop()
        server.start()

    assert outlive(folder, server.url, tasks, [replace, kill, restart, restart]) == 0


def black_holed(folder: Path, server: RabbitMQ, tasks: int, seconds: float) -> None:
    with proxy(server.port) as net:
        through = server.url.replace(str(server.port), str(net.port))
        # To say goodbye to the old connections would take 40 s.
        assert outlive(folder, server.url, tasks, [black_hole(net, seconds)], through=through, below=40) == 0


def test_nothing_is_lost(tmp_path: Path, server: RabbitMQ) -> None:
    """No task is lost in a rollout, by a kill -9 and in two restarts of the broker."""
    everything(tmp_path, server, SHORT)


@pytest.mark.soak
def test_nothing_of_500_is_lost(tmp_path: Path, server: RabbitMQ) -> None:
    """None of 500 tasks is lost in the same events."""
    everything(tmp_path, server, LONG)


def test_broker_black_holed(tmp_path: Path, server: RabbitMQ) -> None:
    """No task is lost if every packet is dropped for ten seconds and the old connections stay silent forever."""
    black_holed(tmp_path, server, SHORT, 10)


def test_broker_holds_the_old_connection(tmp_path: Path, server: RabbitMQ) -> None:
    """The worker hears nothing and gives up first: its new connection is not refused for what the broker still holds."""
    with proxy(server.port) as net:
        through = server.url.replace(str(server.port), str(net.port))
        assert outlive(tmp_path, server.url, SHORT, [lambda group: net.deafen()], through=through) == 0
    assert "RESOURCE_LOCKED" not in (tmp_path / "worker-0.log").read_text()


@pytest.mark.soak
def test_broker_black_holed_with_500_tasks(tmp_path: Path, server: RabbitMQ) -> None:
    """None of 500 tasks is lost if every packet is dropped for a minute."""
    black_holed(tmp_path, server, LONG, 60)
