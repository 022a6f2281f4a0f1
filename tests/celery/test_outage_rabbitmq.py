"""Acks-late tasks on RabbitMQ, which confirms what it stores: nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.outage_cases import LONG, SHORT, kill, outlive, replace
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

    assert outlive(folder, server.url, tasks, [replace, kill, restart]) == 0


def test_nothing_is_lost(tmp_path: Path, server: RabbitMQ) -> None:
    """A rollout, a kill -9 and a restart of the broker."""
    everything(tmp_path, server, SHORT)


@pytest.mark.soak
def test_nothing_of_500_is_lost(tmp_path: Path, server: RabbitMQ) -> None:
    """The long form."""
    everything(tmp_path, server, LONG)
