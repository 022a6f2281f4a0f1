"""Reading 40 variables, next to django-environ alone."""

from __future__ import annotations

import sys

from harness import ROOT, Contender, Failure, Result, compare

SCRIPT = str(ROOT / "benchmarks" / "contenders" / "environ_reading.py")


def results() -> list[Result | Failure]:
    """The bar of the design: at most 1.3 of django-environ, with every check that it lacks."""
    return [
        compare(
            "40 variables: ours / django-environ",
            Contender("ours", [sys.executable, SCRIPT, "ours"]),
            Contender("django-environ", [sys.executable, SCRIPT, "environ"]),
            at_most=1.3,
            rounds=9,
        )
    ]
