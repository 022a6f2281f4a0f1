"""The tolerance of time limits: none on an idle machine, more under load, never too much."""

from __future__ import annotations

import time

import pytest
from support import patience
from support.patience import MOST, Limit
from support.process import stays, wait_until


def loaded(monkeypatch: pytest.MonkeyPatch, factor: float) -> None:
    monkeypatch.setenv("PATIENCE", str(factor))


def test_machine_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without PATIENCE the factor is that of this machine, whatever runs here."""
    monkeypatch.delenv("PATIENCE", raising=False)

    assert 1 <= patience.factor() <= MOST


@pytest.mark.parametrize(
    ("content", "factor"),
    [
        pytest.param("0.20 0.10 0.10 1/100 9", 1, id="idle"),
        pytest.param("3.00 0.10 0.10 1/100 9", 1.5, id="busy for a minute"),
        pytest.param("0.20 0.10 0.10 4/100 9", 2, id="busy from this moment on"),
        pytest.param("90.0 0.10 0.10 1/100 9", MOST, id="overrun"),
    ],
)
def test_factor(monkeypatch: pytest.MonkeyPatch, content: str, factor: float) -> None:
    """The load for each processor, by its average or at this moment."""
    monkeypatch.delenv("PATIENCE", raising=False)
    monkeypatch.setattr(patience.os, "sched_getaffinity", lambda pid: {0, 1})
    monkeypatch.setattr(patience.Path, "read_text", lambda path: content)

    assert patience.factor() == factor


def test_limit_under_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit grows with the load, and stays under what a broken promise takes."""
    loaded(monkeypatch, 1)
    assert patience.patience(8, below=20) == 8
    loaded(monkeypatch, 2)
    assert patience.patience(8, below=20) == 16
    loaded(monkeypatch, 4)
    assert patience.patience(8, below=20) == 18
    assert patience.patience(8) == 32


def test_waiting_follows_the_load(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time that passes under load counts less; without load all of it counts."""
    loaded(monkeypatch, 4)
    began = time.monotonic()
    with pytest.raises(AssertionError, match=r"nothing: not within 0\.2 s"):
        wait_until(lambda: False, 0.2, "nothing")
    assert time.monotonic() - began >= 0.8

    limit = Limit(0.2)
    loaded(monkeypatch, 1)
    time.sleep(0.2)
    assert limit.over()


def test_waiting_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of a wait stays under what a broken promise takes as well."""
    loaded(monkeypatch, 1000)
    limit = Limit(0.1, below=0.3)
    time.sleep(0.3)

    assert limit.over()


def test_stays() -> None:
    """A condition that ends too soon is a failure."""
    end = time.monotonic() + 0.2
    stays(lambda: True, 0.1, "true")
    with pytest.raises(AssertionError, match="gone"):
        stays(lambda: time.monotonic() < end, 0.5, "gone", every=0.01)
