"""The documentation says what the code does, and leads where it says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")


def test_generated_pages_are_up_to_date() -> None:
    """The reference pages are what `make docs` writes."""
    pages = runpy.run_path(str(DOCS / "generate.py"))["PAGES"]

    for name, page in pages.items():
        assert (DOCS / "reference" / name).read_text() == page(), f"run `make docs`: {name}"


def links(page: Path) -> set[Path]:
    """The files that a page links to."""
    return {(page.parent / match[1]).resolve() for match in LINK.finditer(page.read_text())}


def test_every_link_leads_somewhere() -> None:
    """No page links to a file that is not there."""
    pages = [*DOCS.rglob("*.md"), *ROOT.glob("*.md")]

    assert [(str(page), str(link)) for page in pages for link in links(page) if not link.exists()] == []


def test_every_page_is_found_from_the_readme() -> None:
    """Following links from the README, a reader comes to every page."""
    found: set[Path] = set()
    ahead = {ROOT / "README.md"}
    while ahead:
        page = ahead.pop()
        found.add(page)
        ahead |= {link for link in links(page) if link.suffix == ".md" and link.exists()} - found

    assert [str(page) for page in DOCS.rglob("*.md") if page not in found] == []
