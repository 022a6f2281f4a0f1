"""How ``make bench`` measures and judges; the comparisons themselves take minutes."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def harness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("harness", BENCHMARKS / "harness.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["harness"] = module  # where dataclasses look for it
    spec.loader.exec_module(module)
    return module


def costs(folder: Path, name: str, *seconds: float) -> list[str]:
    """A command that prints these costs one after the other, each of 4 seconds, and fails when there are no more."""
    path = folder / f"{name}.txt"
    path.write_text("\n".join(map(str, seconds)))
    code = (
        "import json, pathlib, sys; path = pathlib.Path(sys.argv[1]); first, *rest = path.read_text().split();"
        "path.write_text(' '.join(rest)); print('words'); print(json.dumps({'seconds': float(first), 'of': 4}))"
    )
    return [sys.executable, "-c", code, str(path)]


def test_the_median_of_the_rounds_is_judged(harness: ModuleType, tmp_path: Path) -> None:
    """One disturbed round changes the spread and not the verdict."""
    ours = harness.Contender("ours", costs(tmp_path, "ours", 1, 9, 1.2))
    theirs = harness.Contender("theirs", costs(tmp_path, "theirs", 2, 2, 2))
    result = harness.compare("ours / theirs", ours, theirs, at_most=0.7, rounds=3)

    assert sorted(result.ratios) == [0.5, 0.6, 4.5]
    assert (result.ratio, result.ok) == (0.6, True)
    assert "0.60" in str(result)
    assert "0.50-4.50" in str(result)


def test_a_bar_from_below(harness: ModuleType, tmp_path: Path) -> None:
    """theirs / ours has to reach the bar."""
    ours = harness.Contender("ours", costs(tmp_path, "ours", 1, 1, 1))
    theirs = harness.Contender("theirs", costs(tmp_path, "theirs", 20, 24, 30))
    result = harness.compare("theirs / ours", ours, theirs, at_least=25, rounds=3)

    assert (result.ratio, result.ok) == (24, False)
    assert "MISSED" in str(result)


def test_a_failed_comparison_costs_no_other(
    harness: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The report has all lines, names what failed, and returns 1."""
    good = harness.Contender("good", costs(tmp_path, "good", *[1] * 6))
    bad = harness.Contender("bad", [sys.executable, "-c", "raise SystemExit(3)"])
    results = [
        harness.compare("good / bad", good, bad, at_most=1, rounds=1),
        harness.part(
            "a part", harness.Contender("part", costs(tmp_path, "part", 1, 1)), at_most=0.5, rounds=2
        ),
    ]

    assert harness.report(results) == 1
    out, err = capsys.readouterr()
    assert "FAILED: bad ended with status 3" in out
    assert "0.25" in out
    assert err == "bench: good / bad: failed or missed its bar\n"
    assert harness.report(results[1:]) == 0


def test_a_comparison_that_cannot_begin_costs_no_other() -> None:
    """A module that raises is a line too, and the next one is run: here the one of reading variables."""
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS), "compare_nothing", "compare_environment"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "bench: compare_nothing: failed" in done.stderr
    assert "40 variables: ours / django-environ" in done.stdout


def test_a_peer_runs_on_the_django_that_is_installed(harness: ModuleType) -> None:
    """A pinned Django would not install on every Python that we support."""
    peer = harness.Peer("peer", [], requirements=("django-health-check==4.8.0", "django"))

    assert peer.pinned() == [
        "django-health-check==4.8.0",
        f"django=={importlib.metadata.version('django')}",
    ]
