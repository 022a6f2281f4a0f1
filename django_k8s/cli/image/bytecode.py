"""``python -m django_k8s.cli.image.bytecode DIRECTORY...``: compile Python files that are not compiled yet.

Python uses this bytecode without checking the source. A second call compiles only new files, whereas ``compileall``
would compile everything again. A file that is not valid Python, such as a template for one, is left alone.
"""

from __future__ import annotations

import importlib.util
import py_compile
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

_FEW = 100


def main(argv: Sequence[str] | None = None) -> int:
    """Compile the Python files of directories; return 0."""
    missing = [str(path) for folder in (argv or sys.argv[1:]) for path in _missing(Path(folder))]
    if len(missing) < _FEW:  # a pool would take longer to start
        failed = [name for name in map(_compile, missing) if name]
    else:
        with ProcessPoolExecutor() as pool:
            failed = [name for name in pool.map(_compile, missing, chunksize=32) if name]
    print(f"{len(missing) - len(failed)} files are compiled")
    for name in failed:
        print(f"{name} cannot be compiled, and is left as it is")
    return 0


def _missing(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*.py")):
        if path.is_file() and not Path(importlib.util.cache_from_source(str(path))).exists():
            yield path


def _compile(name: str) -> str:
    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
    try:
        py_compile.compile(name, doraise=True, invalidation_mode=mode)
    except (py_compile.PyCompileError, OSError, ValueError, RecursionError):
        return name
    return ""


if __name__ == "__main__":
    raise SystemExit(main())
