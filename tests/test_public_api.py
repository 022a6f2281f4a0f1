"""What projects use does not change by accident."""

from __future__ import annotations

import difflib

import public_api


def test_the_public_names_are_those_of_the_snapshot() -> None:
    """A name that goes, or changes its arguments, breaks the projects that use it."""
    before, now = public_api.SNAPSHOT.read_text().splitlines(), public_api.public()
    changes = [line for line in difflib.unified_diff(before, now, lineterm="", n=0) if line[:1] in "+-"][2:]

    assert changes == [], (
        "the public API has changed. If that is wanted, describe it in CHANGELOG.md and run "
        "`build/venv/bin/python -P tests/public_api.py`. If not, undo it."
    )
