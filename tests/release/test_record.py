"""The record of an environment, and what `list` shows of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from django_k8s.release import listing, record
from django_k8s.release.outcome import Stopped
from django_k8s.release.place import namespace_of
from django_k8s.release.record import Record

NOW = datetime(2030, 1, 31, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("3d", timedelta(days=3)),
        ("2w", timedelta(weeks=2)),
    ],
)
def test_lifetime(text: str, time: timedelta) -> None:
    """A number and a unit."""
    assert record.lifetime(text) == time


@pytest.mark.parametrize("text", ["", "3", "d", "0d", "-1d", "3 d", "1.5h", "3y", "99999d"])
def test_no_lifetime(text: str) -> None:
    """Anything else is refused."""
    with pytest.raises(Stopped, match="Write one such as 90m, 12h, 3d or 2w"):
        record.lifetime(text)


@pytest.mark.parametrize("expires", [None, NOW])
def test_there_and_back(expires: datetime | None) -> None:
    """A record is what it was when it is read again."""
    held = Record("shop", "pr-1", "shop-pr-1", NOW, expires, "shop:1", "sha256:1", "http://localhost:8000/")

    assert record.from_object(record.to_object(held)) == held


def test_expiry() -> None:
    """An environment without a time stays."""
    held = Record("shop", "pr-1", "shop-pr-1", NOW, NOW)

    assert held.is_expired(NOW)
    assert not held.is_expired(NOW - timedelta(seconds=1))
    assert not Record("shop", "pr-1", "shop-pr-1", NOW).is_expired(NOW)


@pytest.mark.parametrize("name", ["PR-1", "pr_1", "-pr", "pr-", "", "a" * 33, "pr/1", "pr.1"])
def test_name_that_cannot_be(name: str) -> None:
    """An environment's name is a DNS label."""
    with pytest.raises(Stopped, match="cannot be the name of an environment"):
        namespace_of("shop", name, "")


def test_production() -> None:
    """up refuses the name production."""
    with pytest.raises(Stopped, match="refuses production"):
        namespace_of("shop", "production", "")


@pytest.mark.parametrize(("given", "namespace"), [("", "shop-pr-1"), ("team", "team")])
def test_namespace(given: str, namespace: str) -> None:
    """Each environment has a namespace of its own, unless one is named."""
    assert namespace_of("shop", "pr-1", given) == namespace


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=59), "59s"),
        (timedelta(seconds=119), "119s"),
        (timedelta(minutes=2), "2m"),
        (timedelta(minutes=119), "119m"),
        (timedelta(hours=2), "2h"),
        (timedelta(hours=23), "23h"),
        (timedelta(days=1), "1d"),
        (timedelta(days=40), "40d"),
        (timedelta(seconds=-3), "0s"),
    ],
)
def test_age(time: timedelta, text: str) -> None:
    """In one unit, as kubectl writes it."""
    assert listing._short(time) == text


def test_state() -> None:
    """Ready, or what is missing."""
    web = {
        "kind": "Deployment",
        "metadata": {"name": "shop-web", "labels": {"app.kubernetes.io/component": "web"}},
        "spec": {"replicas": 1},
        "status": {},
    }
    there = {"replicas": 1, "updatedReplicas": 1, "availableReplicas": 1, "readyReplicas": 1}

    assert listing.state_of([]) == "empty"
    assert listing.state_of([web]) == "not ready: web"
    assert listing.state_of([{**web, "status": there}]) == "ready"
