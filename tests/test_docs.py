"""The documentation says what the code does."""

from __future__ import annotations

import runpy
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"


def test_generated_pages_are_up_to_date() -> None:
    """The reference pages are what `make docs` writes."""
    pages = runpy.run_path(str(DOCS / "generate.py"))["PAGES"]

    for name, page in pages.items():
        assert (DOCS / "reference" / name).read_text() == page(), f"run `make docs`: {name}"
