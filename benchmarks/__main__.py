"""``make bench``: every comparison of this folder, or those that are named."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import harness  # noqa: E402


def main() -> int:
    """Run the comparisons one after the other; 1 when a bar was missed."""
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("compare_*.py"))
    results = [result for name in names for result in importlib.import_module(name).results()]
    return harness.report(results)


raise SystemExit(main())
