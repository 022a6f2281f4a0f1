"""A reader finds an object by the name of its file, and every line fits on a screen."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from support.chart import CHART

TEMPLATES = CHART / "templates"
FILES = sorted(path for path in TEMPLATES.rglob("*") if path.is_file())
OBJECTS = [path for path in FILES if path.suffix == ".yaml"]
# kubectl's short names of long kinds.
SHORT = {"hpa": "HorizontalPodAutoscaler", "pdb": "PodDisruptionBudget", "pvc": "PersistentVolumeClaim"}
# They make no object of a kind that is known here: the project's own, and none at all.
WITHOUT_A_KIND = {"extraobjects.yaml", "validate.yaml"}
WIDTH = 140


def helpers() -> dict[str, str]:
    """The text of every helper, by its name."""
    found: dict[str, str] = {}
    for path in FILES:
        for name, text in re.findall(
            r'^{{- define "([\w.]+)"(.*?)(?=^{{- define|\Z)', path.read_text(), re.MULTILINE | re.DOTALL
        ):
            assert name not in found, f"{name} is defined twice"
            found[name] = text
    return found


def kinds(text: str) -> set[str]:
    return set(re.findall(r"^kind: (\w+)$", text, re.MULTILINE))


@pytest.mark.parametrize("path", OBJECTS, ids=[str(path.relative_to(TEMPLATES)) for path in OBJECTS])
def test_one_kind_a_file(path: Path) -> None:
    """All objects of a file are of one kind, which is its name. A kind that a helper prints counts, too."""
    text = path.read_text()
    printed = helpers()
    found = kinds(text).union(*(kinds(printed[name]) for name in re.findall(r'include "([\w.]+)"', text)))
    if path.name in WITHOUT_A_KIND:
        assert found == set()
    else:
        (kind,) = found
        # A file such as configmap.yaml; where it needs one, kubectl's short name.
        assert SHORT.get(path.stem, path.stem).lower() == kind.lower()


def test_helpers_have_files_of_their_own() -> None:
    """A helper is in a file _NAME.tpl, and something uses it."""
    for path in FILES:
        assert ("{{- define " in path.read_text()) == (path.name[0] == "_" and path.suffix == ".tpl"), path
    everything = "".join(path.read_text() for path in FILES)
    topics = re.findall(r'"(\w+)"', (TEMPLATES / "validate.yaml").read_text())
    for name in helpers():
        assert f'include "{name}"' in everything or name.removeprefix("django.validate.") in topics, name


def test_lines_are_short() -> None:
    """Lines are short enough to read without scrolling."""
    long = [
        f"{path.relative_to(TEMPLATES)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if len(line) > WIDTH
    ]
    assert long == []


def test_a_condition_and_its_sentence_have_lines_of_their_own() -> None:
    """Each line that refuses has its condition alone on the line above."""
    found = 0
    for path in (TEMPLATES / "validate").iterdir():
        for condition, sentence in pairwise(path.read_text().splitlines()):
            if re.search(r"\bfail\b", sentence):
                found += 1
                assert re.fullmatch(r"{{- (else )?if [^}]* }}", condition), f"{path.name}: {sentence}"
                assert sentence.startswith("  {{- "), f"{path.name}: {sentence}"
    assert found > 40
