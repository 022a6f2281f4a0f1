"""Collects the pages of the documentation into one directory, from which the site is built."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"

# Pages that are elsewhere in the repository, where their readers look for them first.
ELSEWHERE = {
    "README.md": "index.md",
    "charts/django/README.md": "reference/chart.md",
    "manifests/README.md": "reference/manifests.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
}
_LINK = re.compile(r"\[(?P<text>[^\]]*)\]\((?P<path>[^)#:]+)(?P<anchor>#[^)]*)?\)")


def pages() -> dict[Path, str]:
    """Return every page and picture of the site by its file in the repository, with its path in the site."""
    found = {ROOT / name: place for name, place in ELSEWHERE.items()}
    for path in sorted(DOCS.rglob("*")):
        if path.suffix in {".md", ".png", ".svg"}:
            found[path] = path.relative_to(DOCS).as_posix()
    return found


def page(path: Path) -> str:
    """Return the text of a page as the site needs it. Links to files that are no page lose their address."""
    places = pages()

    def moved(match: re.Match[str]) -> str:
        target = places.get((path.parent / match["path"]).resolve())
        if target is None:
            return match["text"]
        address = os.path.relpath(target, Path(places[path]).parent)
        return f"[{match['text']}]({address}{match['anchor'] or ''})"

    return _LINK.sub(moved, path.read_text())


def write(build: Path) -> None:
    """Write all pages to ``site-pages`` below ``build``, and the site's configuration beside it."""
    shutil.rmtree(build / "site-pages", ignore_errors=True)
    for path, place in pages().items():
        target = build / "site-pages" / place
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".md":
            target.write_text(page(path))
        else:
            shutil.copy(path, target)
    shutil.copy(DOCS / "zensical.toml", build)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
