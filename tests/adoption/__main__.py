"""``make adopt PROJECT=DIR``: adopt any Django project as a newcomer would, and look at what comes of it.

It copies the project, runs ``django-k8s init``, builds the image, runs ``django-k8s up``, opens the pages in a browser, logs in,
uploads a file, sends a task, runs ``django-k8s down`` and prints a table. It names no project and changes nothing in DIR.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from adoption.phases import Adoption  # noqa: E402
from adoption.table import Result  # noqa: E402


def main() -> int:
    """Adopt the project that the command line names. Return 0 if everything was right, else 1."""
    parser = argparse.ArgumentParser(
        prog="make adopt", description="Adopt a Django project and look at what comes of it."
    )
    parser.add_argument("project", type=Path, help="the project's directory; it is copied")
    parser.add_argument("--patch", type=Path, help="lines written by hand, applied after init and counted")
    parser.add_argument("--truth", type=Path, help="facts to compare with, as JSON")
    parser.add_argument("--init", default="", metavar="OPTIONS", help="further options for django-k8s init")
    parser.add_argument("--up", default="", metavar="OPTIONS", help="further options for django-k8s up")
    parser.add_argument("--environment", default="adopt", metavar="NAME", help="of the environment (adopt)")
    parser.add_argument(
        "--until", choices=("init", "build", "down"), default="down", help="stop after this phase (down)"
    )
    parser.add_argument("--keep", action="store_true", help="leave the environment and the copy as they are")
    parser.add_argument(
        "--out",
        type=Path,
        help="a directory for logs, screenshots and table.json (default: below build/adopt)",
    )
    options = parser.parse_args()
    name = options.project.resolve().name
    out = (options.out or HERE.parent.parent / "build" / "adopt" / name).resolve()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    result = Result(name)
    place = Path(tempfile.mkdtemp(prefix="adopt-"))
    try:
        Adoption(options, result, out, place / name).run()
    finally:
        if options.keep:
            print(f"The copy is {place / name}.", file=sys.stderr)
        else:
            shutil.rmtree(place, ignore_errors=True)
        result.save(out / "table.json")
    print(result.text())
    print(f"\n  logs and screenshots  {os.path.relpath(out)}")
    return 0 if result.right else 1


if __name__ == "__main__":
    raise SystemExit(main())
