"""Break the library on purpose, promise after promise, and see whether a test fails: ``make broken``.

Each row of the table in tests/promises is applied to a copy of the installed library, in an environment that shares
everything else, and its test runs there. A test that still passes proves nothing about its promise.
"""

from __future__ import annotations

import argparse
import fcntl
import math
import os
import queue
import random
import re
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from promises import ROWS, Row, anchors, copies, running
from promises.running import ERROR, NOT_RUN, PASSES, SEEN, Outcome

HOME = running.TESTS.parent / "build" / "broken"
FAR = 1e9  # seconds


def main() -> int:
    """Break what the command line selects, by default everything. Return 1 if a test did not fail."""
    parser = _parser()
    options = parser.parse_args()
    seed = options.seed if options.seed is not None else time.time_ns() % 1_000_000
    rows = [row for row in ROWS if not options.names or any(name in row.promise for name in options.names)]
    if not rows:
        parser.error("no promise has such a name; see --list")
    if options.sample:
        rows = sample(rows, options.sample, seed)
        print(f"a sample of {len(rows)} of {len(ROWS)} rows, seed {seed}; --seed {seed} takes the same rows")
    if options.list:
        print(*(f"{row.promise:<66} {row.test}" for row in rows), sep="\n")
        return 0
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return broken(rows, options.jobs, options.limit)
    except LookupError as error:
        print(error, file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make broken BROKEN=...", description=__doc__)
    parser.add_argument(
        "names", nargs="*", help="parts of the names of promises, such as beat; all by default"
    )
    parser.add_argument("--list", action="store_true", help="list the rows and break nothing")
    parser.add_argument("--sample", metavar="N", help="take a random N rows, or N%% of them")
    parser.add_argument("--seed", type=int, help="take the same sample as the run that printed this seed")
    parser.add_argument(
        "--limit",
        type=float,
        default=0,
        metavar="SECONDS",
        help="end after so long, and say what was not run",
    )
    parser.add_argument("--jobs", type=int, default=2, help="rows at the same time (default: 2)")
    return parser


def sample(rows: list[Row], size: str, seed: int) -> list[Row]:
    """Take ``size`` of ``rows``, a number or a percentage. The same seed takes the same rows in the same order."""
    share, number = re.fullmatch(r"(\d+)%", size), re.fullmatch(r"\d+", size)
    if not share and not number:
        raise SystemExit(f"--sample {size}: write a percentage or a number of rows, such as 10% or 15")
    count = math.ceil(len(rows) * int(share[1]) / 100) if share else int(size)
    return random.Random(seed).sample(rows, min(count, len(rows)))


def broken(rows: list[Row], jobs: int, limit: float) -> int:
    """Run the rows and print what came of each. Return 1 unless every test failed, was not run for a reason, or time was up."""
    began = time.monotonic()
    until = began + (limit or FAR)
    package = copies.installed()
    places = {row: anchors.find(package, row) for row in rows}
    alone = set(running.collected(sys.executable, {row.test for row in rows}, "-m", "alone"))
    single = [row for row in rows if any(row.selects(test) for test in alone)]
    (HOME / "said").mkdir(parents=True, exist_ok=True)
    lock = (HOME / "lock").open("w")  # held until this process ends
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise LookupError(f"another run breaks the copies in {HOME}. Wait for its end.") from None
    free: queue.SimpleQueue[copies.Copy] = queue.SimpleQueue()
    for number in range(jobs):
        free.put(copies.Copy(HOME / f"copy-{number}"))
    stop, outcomes = threading.Event(), {}

    def run(row: Row) -> None:
        start, copy, place = time.monotonic(), free.get(), places[row]
        try:
            if start > until or stop.is_set():
                outcomes[row] = running.TIME_WAS_UP
                return
            log = HOME / "said" / (re.sub(r"\W+", "-", row.promise) + ".txt")
            with copy.broken(place.path.relative_to(package), anchors.broken(place, row.new)):
                outcomes[row] = running.outcome(copy.python, row, log, until, stop)
                if outcomes[row].verdict in (PASSES, ERROR):  # once more, as `make test` does
                    outcomes[row] = running.outcome(copy.python, row, log, until, stop)
        finally:
            free.put(copy)
            print(
                f"{row.promise:<66} {outcomes.get(row, ERROR)} ({time.monotonic() - start:.0f} s)", flush=True
            )

    # Nothing runs beside a test that times the machine.
    for some, workers in ((single, 1), ([row for row in rows if row not in single], jobs)):
        with ThreadPoolExecutor(workers) as pool:
            try:
                list(pool.map(run, some))
            except BaseException:
                stop.set()
                raise
    return _verdict(rows, outcomes, time.monotonic() - began)


def _verdict(rows: list[Row], outcomes: dict[Row, Outcome], seconds: float) -> int:
    found = {
        verdict: [row for row in rows if outcomes[row].verdict == verdict]
        for verdict in (SEEN, PASSES, ERROR, NOT_RUN)
    }
    print(
        f"\n{len(found[SEEN])} of {len(rows)} rows are {SEEN}, in {seconds:.0f} s; what the tests said: {HOME / 'said'}"
    )
    for verdict in (NOT_RUN, PASSES, ERROR):
        for row in found[verdict]:
            print(f"{outcomes[row]}: {row.promise} ({row.test})")
    lacking = [row for row in found[NOT_RUN] if outcomes[row] != running.TIME_WAS_UP]
    return 1 if found[PASSES] or found[ERROR] or (lacking and os.environ.get("REQUIRE_ALL") == "1") else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
