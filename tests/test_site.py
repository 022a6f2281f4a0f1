"""The site has every page in its navigation, and no address leads nowhere."""

from __future__ import annotations

import re
import runpy
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django_k8s.adopt.check import finding

ROOT = Path(__file__).resolve().parent.parent
SITE = runpy.run_path(str(ROOT / "docs/site_pages.py"))
LINK = re.compile(r"\]\((?P<path>[^)#:]*)(?P<anchor>#[^)]*)?\)")
FENCE = re.compile(r"^ *```.*?^ *```|^ *~~~.*?^ *~~~", re.DOTALL | re.MULTILINE)


def entries(navigation: list[dict[str, Any]]) -> Iterator[str]:
    """The pages of the navigation, however deep."""
    for entry in navigation:
        for value in entry.values():
            if isinstance(value, str):
                yield value
            else:
                yield from entries(value)


def pages() -> dict[str, str]:
    """The text of every page of the site, by its path there."""
    return {place: SITE["page"](path) for path, place in SITE["pages"]().items() if place.endswith(".md")}


def anchors(text: str) -> set[str]:
    """The anchors that the headings of a page get."""
    heads = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    plain = [re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head) for head in heads]
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", head).strip().lower()) for head in plain}


def test_every_page_is_in_the_navigation_once() -> None:
    """Every page is in the navigation once, and every entry of the navigation has a page."""
    navigation = tomllib.loads((ROOT / "docs/zensical.toml").read_text())["project"]["nav"]

    assert sorted(entries(navigation)) == sorted(pages())


def test_every_address_leads_to_a_page_and_a_heading() -> None:
    """Every link works, including those with an anchor and those in pages outside of docs/."""
    site = pages()
    broken = []
    for place, text in site.items():
        for match in LINK.finditer(FENCE.sub("", text)):
            target = (Path(place).parent / match["path"]) if match["path"] else Path(place)
            name = str((ROOT / target).resolve().relative_to(ROOT))
            there = name in site or name in SITE["pages"]().values()
            if not there or (match["anchor"] and match["anchor"][1:] not in anchors(site[name])):
                broken.append((place, match[0]))

    assert broken == []


def test_what_is_installed_names_pages_by_title() -> None:
    """A message or a copied file names a page that exists, and no file that only the repository has."""
    titles = {text.split("\n", 1)[0].removeprefix("# ") for text in pages().values()}
    shipped = [
        path
        for folder in ("django_k8s", "docker", "entrypoints", "charts/django")
        for path in (ROOT / folder).rglob("*")
        if path.is_file()
        and path.suffix in {"", ".py", ".yaml", ".tpl", ".txt"}
        and "__pycache__" not in path.parts
    ]
    texts = {path.relative_to(ROOT): path.read_text(errors="replace") for path in shipped}
    named = {
        title
        for text in texts.values()
        for title in re.findall(r'\bpage "([^"{}]+)" of the documentation', text)
    }
    files = {
        (str(name), found)
        for name, text in texts.items()
        for found in re.findall(r"\bdocs/[\w/-]+\.md", text)
    }

    assert len(named) > 2
    assert named | {finding.PAGE, finding.SYSTEM_CHECKS_PAGE} <= titles
    assert files == set()
