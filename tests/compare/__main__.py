"""``make compare``: run the comparison, print the table and write docs/explanation/comparison.md."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from support.servers import Redis, postgres, redis  # noqa: E402

from compare import images, measures, table  # noqa: E402
from compare.contenders import ALL, EXAMPLE, OURS, OURS_ASGI  # noqa: E402

PAGE = HERE.parent.parent / "docs" / "explanation" / "comparison.md"
PARTS = ("web", "worker", "rest", "static", "images")
NOT_ASKED = "P6, the images: this run was asked for other parts. `make compare COMPARE=images` builds them."
RELEASE = "P12, a release: it needs a cluster. `tests/cluster/test_release.py` upgrades there under load, and no request may fail."


def main() -> int:
    """Measure what the command line names. Return 0."""
    parser = argparse.ArgumentParser(prog="make compare", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{', '.join(PARTS)}; all by default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=600, help="of each kind in each round")
    parser.add_argument("--tasks", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    parser.add_argument("--no-page", action="store_true", help="print the table only")
    options = parser.parse_args()
    parts = [part for part in options.parts or PARTS if part != "images" or not images.missing()]
    shuffler = random.Random(options.seed)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # either ends with what has been found
    print(f"seed {options.seed}", file=sys.stderr)
    with (
        postgres("-cmax_connections=300") as database,
        redis() as broker,
        tempfile.TemporaryDirectory() as made,
        contextlib.ExitStack() as stack,
    ):
        found = measures.Measures(database.create("shop"), broker.url(), options.requests, options.tasks)
        manage(found, "migrate", "-v0")
        built = stack.enter_context(images.images(Path(made), found.row)) if "images" in parts else None
        finished = 0
        try:
            for finished in range(options.rounds):
                print(f"round {finished + 1}", file=sys.stderr)
                measure(found, broker, parts, shuffler, Path(made))
                if built:
                    built.measure(shuffler)
            finished = options.rounds
        except KeyboardInterrupt:
            print(f"{finished} rounds are finished, and are shown.", file=sys.stderr)
        options.rounds = finished
    rows = [row for _, row in sorted(found.rows.items(), key=lambda item: int(item[1].promise[1:]))]
    text = table.markdown(rows, [contender.name for contender in (*ALL, OURS_ASGI)], OURS.name)
    print(text)
    if not options.no_page:
        left_out = [] if "images" in parts else [images.missing() or NOT_ASKED]
        PAGE.write_text(table.page(text, facts(options), [*left_out, RELEASE]))
    return 0


def measure(
    found: measures.Measures, broker: Redis, parts: Sequence[str], shuffler: random.Random, folder: Path
) -> None:
    """One round, in an order of its own."""
    for contender in shuffler.sample([*ALL, OURS_ASGI], len(ALL) + 1):
        if "web" in parts:
            found.web(contender)
        if "worker" in parts and contender is not OURS_ASGI:
            broker.empty()
            found.worker(contender)
        if "rest" in parts and contender is not OURS_ASGI:
            broker.empty()
            found.rest(contender)
    if "static" in parts:
        for files in (0, 10_000):
            root = static(folder, files)
            for contender in shuffler.sample(
                [OURS, EXAMPLE], 2
            ):  # cookiecutter-django has the same middleware
                found.static_files(contender, root, files)


def manage(found: measures.Measures, *arguments: str) -> None:
    """Run a management command with our settings."""
    env = found.environment(OURS, 8000)
    subprocess.run([sys.executable, "-m", "django", *arguments], env=env, cwd=env["PYTHONPATH"], check=True)


def static(folder: Path, files: int) -> Path:
    """Make a directory of collected files, each with a compressed copy, and the manifest that names them."""
    root = folder / str(files)
    if not root.exists():
        root.mkdir()
        paths = {}
        for number in range(files):
            name, hashed = f"f{number}.js", f"f{number}.0123456789ab.js"
            paths[name] = hashed
            for path in (name, hashed, f"{hashed}.gz"):
                (root / path).write_bytes(b"x")
        manifest = {"version": "1.1", "hash": "", "paths": paths}
        (root / "staticfiles.json").write_text(json.dumps(manifest))
    return root


def facts(options: argparse.Namespace) -> dict[str, str]:
    """What the figures depend on."""
    names = ("django", "gunicorn", "celery", "psycopg")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    return {
        "rounds": str(options.rounds),
        "requests": f"{options.requests} of each kind in each round, 32 clients with kept connections",
        "versions": f"Python {platform.python_version()}, {versions}",
        "machine": f"{os.cpu_count()} CPUs, load average {os.getloadavg()[0]:.1f} at the end",
    }


if __name__ == "__main__":
    raise SystemExit(main())
