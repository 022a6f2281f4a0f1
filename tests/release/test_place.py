"""Where an environment is put, and what is asked before."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from django_k8s.release import place, record
from django_k8s.release.kubeconfig import Context
from django_k8s.release.outcome import Stopped

AWAY = Context("away", "https://203.0.113.7:6443", "", "", local=False)
HERE = Context("kind-dev", "https://127.0.0.1:6443", "kind", "dev", local=True)


def no_answer(question: str) -> str:
    raise AssertionError(question)


def closed(question: str) -> str:
    raise EOFError


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody is there to be asked."""
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)


@pytest.mark.parametrize(("context", "named"), [(HERE, False), (AWAY, True)])
def test_nothing_is_asked(context: Context, named: bool) -> None:
    """A cluster on this machine, or one that was named."""
    place.confirm(context, named=named, what="deploy shop", ask=no_answer)


@pytest.mark.usefixtures("terminal")
def test_yes() -> None:
    """The question names the cluster."""
    asked: list[str] = []
    place.confirm(AWAY, named=False, what="deploy shop", ask=lambda question: asked.append(question) or "Yes")

    assert asked == [
        "This will deploy shop in the context away (https://203.0.113.7:6443), which is not on this machine. Continue? [y/N] "
    ]


@pytest.mark.usefixtures("terminal")
@pytest.mark.parametrize("ask", [lambda _: "", lambda _: "n", lambda _: "yse", closed])
def test_no(ask: Callable[[str], str]) -> None:
    """Anything but yes, and no answer at all."""
    with pytest.raises(Stopped, match="Nothing was done"):
        place.confirm(AWAY, named=False, what="deploy shop", ask=ask)


def test_whose_namespace_it_is() -> None:
    """Only the one that was made for just this environment ends with it."""
    made = record.namespace("shop", "pr-1", "shop-pr-1")

    assert record.is_made_here(made, "shop", "pr-1")
    assert not record.is_made_here(made, "shop", "pr-2")
    assert not record.is_made_here(made, "other", "pr-1")
    assert not record.is_made_here({"metadata": {"name": "shop-pr-1"}}, "shop", "pr-1")
