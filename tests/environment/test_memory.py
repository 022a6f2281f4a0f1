"""How many processes fit into a memory limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from django_k8s.environment import memory

MIB = memory.MIB


@pytest.mark.parametrize(
    ("wanted", "limit", "loaded", "expected"),
    [
        pytest.param(4, None, 100, 4, id="no limit"),
        pytest.param(4, 256, 100, 2, id="a small limit"),
        pytest.param(2, 2048, 100, 2, id="no more than are wanted"),
        pytest.param(4, 256, 300, 1, id="at least one, whatever it takes"),
        pytest.param(64, 512, 20, 13, id="a small project, whose processes grow too"),
    ],
)
def test_what_fits(wanted: int, limit: int | None, loaded: int, expected: int) -> None:
    """The parent and half of it for each process are at most nine tenths of the limit."""
    assert memory.fitting(wanted, limit and limit * MIB, loaded * MIB) == expected


def test_share_of_each() -> None:
    """A process starts with what its parent has, and may grow by its part of the rest; by too little it would never work."""
    assert memory.share(2, 500 * MIB, 100 * MIB) == 275 * MIB
    assert memory.share(1, 200 * MIB, 160 * MIB) is None


def test_what_is_loaded(tmp_path: Path) -> None:
    """This process has some memory; a system that does not tell has none."""
    assert 5 * MIB < memory.resident() < 4096 * MIB
    assert memory.resident(tmp_path / "none") == 0
    assert memory.words(256 * MIB) == "256 MiB"
