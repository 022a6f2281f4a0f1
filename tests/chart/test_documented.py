"""Every block of values in the documentation renders."""

from __future__ import annotations

import re

import pytest
import yaml
from cases import HOSTS, IMAGE, SEED
from support.chart import CHART, ROOT, Object, merged, render

KEYS = set(yaml.safe_load((CHART / "values.yaml").read_text()))


def blocks() -> list[tuple[str, Object]]:
    """Blocks of YAML whose keys are all values of the chart, each with its page and line."""
    found = []
    for page in sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("*.md"), *ROOT.glob("charts/**/*.md")]):
        text = page.read_text()
        for match in re.finditer(r"^```yaml\n(.*?)^```", text, re.M | re.S):
            place = f"{page.relative_to(ROOT)}:{text[: match.start()].count(chr(10)) + 1}"
            content = yaml.safe_load(match[1])
            if isinstance(content, dict) and content and set(content) <= KEYS:
                found.append((place, content))
    return found


def test_there_are_some() -> None:
    """The documentation has blocks of values, and this test finds them."""
    assert len(blocks()) >= 8


@pytest.mark.parametrize(("place", "values"), blocks(), ids=[place for place, _ in blocks()])
def test_block_renders(place: str, values: Object) -> None:
    """Each block renders with only an image, hosts and, in staging, a seed added."""
    staging = {**SEED, "environment": "pr-1"} if values.get("staging", {}).get("enabled") else {}
    assert render(merged(IMAGE, HOSTS, staging, values))
