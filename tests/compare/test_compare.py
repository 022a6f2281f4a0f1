"""The comparison's parts load, and its table says what was found; the comparison itself takes minutes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support import docker

from compare import images, measures, table
from compare.contenders import ALL, OURS, PROJECT
from compare.table import Row


def rows() -> list[Row]:
    """One row that ours wins, one tie, and one that ours loses."""
    found = []
    for what, mine, theirs in (("won", (1, 2), (8, 12)), ("tied", (2, 6), (5, 9)), ("lost", (9, 9), (3, 3))):
        row = Row("P5", what, "ms")
        for first, second in zip(mine, theirs, strict=True):
            row.note("ours", first)
            row.note("ours, ASGI", 0.1)  # not a peer of its own
            row.note("peer", second)
            row.note("other", 100)
        found.append(row)
    return found


def test_table() -> None:
    """The best peer is the measure, and rounds that overlap are a tie."""
    lines = table.markdown(rows(), ["ours", "peer", "other"], "ours").splitlines()

    assert lines[2] == "| P5 | won, ms | 1.5 (1-2) | 10 (8-12) | 100 (100-100) | 0.15 of peer |"
    assert lines[3].endswith("| 0.57 of peer, a tie |")
    assert lines[4].endswith("| 3.00 of peer |")


def test_a_peer_that_needs_nothing() -> None:
    """There is no ratio to nothing."""
    row = Row("P11", "beat at rest", "ms", {"ours": [2.0], "peer": [0.0]})

    assert row.verdict("ours") == "peer needs none"


def test_page_names_what_is_left_out() -> None:
    """A part that could not be measured is on the page with its reason."""
    facts = dict.fromkeys(("rounds", "requests", "versions", "machine"), "5")
    text = table.page("the table", facts, ["P12: it needs a cluster."])

    assert "the table" in text
    assert text.endswith("- Left out: P12: it needs a cluster.\n")


def test_every_contender_has_its_settings() -> None:
    """Each has a settings module of its own, and ours is the only one that is named as ours."""
    assert [name.name for name in ALL if measures.ours(name.name)] == [OURS.name]
    assert all((PROJECT / "config" / f"{contender.settings}.py").is_file() for contender in ALL)


def test_images_are_left_out_with_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine without an engine compares the rest, and the page says what is missing."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert images.missing() == (
        f"P6, the images: there is no container engine with {docker.PYTHON}. Start Docker and pull that image."
    )


def test_both_images_have_the_same_packages() -> None:
    """Each package is pinned to what this environment has, and the plain image is built as it is in tutorials."""
    assert all(re.fullmatch(r"[\w\-\[\],]+==[\w.]+\n", images._pinned(name)) for name in images.PACKAGES)
    assert len(images.PLAIN_DOCKERFILE.splitlines()) == 7
