"""When waiting ends: at once, after a while, or when the time is over."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest

from django_k8s.release.diagnosis.finding import RANKS, Finding
from django_k8s.release.kube import Kubectl
from django_k8s.release.report import Report
from django_k8s.release.watch import Watch

SOON = Finding("crash", "web", "web keeps ending", seconds=20.0)
NOW = Finding("migration", "migrate", "Migration failed")


@pytest.fixture
def clock() -> list[float]:
    """The time, which a test sets."""
    return [1000.0]


@pytest.fixture
def final(clock: list[float]) -> Callable[[float, list[Finding]], Finding | None]:
    """What is final at a time, of findings that were seen then."""
    watch = Watch(Kubectl("some", "space"), "shop", Report(StringIO(), StringIO()), lambda: clock[0])

    def at(time: float, findings: list[Finding]) -> Finding | None:
        clock[0] = 1000.0 + time
        return watch.final(findings)

    return at


def test_at_once(final: Callable[[float, list[Finding]], Finding | None]) -> None:
    """What cannot change is final when it is seen, whatever else is wrong."""
    assert final(0, [SOON, NOW]) == NOW


def test_after_its_time(final: Callable[[float, list[Finding]], Finding | None]) -> None:
    """What may pass is final after its time."""
    assert final(0, [SOON]) is None
    assert final(19, [SOON]) is None
    assert final(20, [SOON]) == SOON


def test_a_new_beginning(final: Callable[[float, list[Finding]], Finding | None]) -> None:
    """What was over meanwhile has its time again."""
    assert final(0, [SOON]) is None
    assert final(10, []) is None
    assert final(21, [SOON]) is None
    assert final(41, [SOON]) == SOON


def test_other_words_are_the_same_problem(final: Callable[[float, list[Finding]], Finding | None]) -> None:
    """The text may change from one try to the next."""
    assert final(0, [SOON]) is None
    assert final(20, [Finding("crash", "web", "web ends: another line", seconds=20.0)]) is not None


def test_every_kind_has_a_rank() -> None:
    """The likely cause is first."""
    assert [Finding(kind, "web", "").rank for kind in RANKS] == list(range(len(RANKS)))
