"""``make bench``: run every comparison of this directory, or those that are named."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import harness  # noqa: E402


def main() -> int:
    """Run the comparisons one after the other. Return 1 if one failed or missed its bar; the others are reported too."""
    names = sys.argv[1:] or sorted(path.stem for path in HERE.glob("compare_*.py"))
    results: list[harness.Result | harness.Failure] = []
    for name in names:
        try:
            results += importlib.import_module(name).results()
        except KeyboardInterrupt:
            raise
        except (
            BaseException
        ) as error:  # the servers of the tests skip what a machine lacks, which is no Exception
            results.append(harness.failure(name, error))
    return harness.report(results)


raise SystemExit(main())
