"""Wait for the dependencies of a role, in one process that asks every second."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping

from django_k8s.health.results import Check, Result
from django_k8s.health.runner import CheckRunner

_EVERY_SECONDS = 1.0
_ASK_SECONDS = 5.0  # the deadline of each round
_REMIND_SECONDS = 15.0

_REFUSED_SECONDS = 30.0  # for a password or a database that is just being created

# The messages of a database that refuses the login: a wrong user or password (28P01, 28000; 1045, 1698), or a missing
# database (3D000; 1049). psycopg has no code for a failed connection. A server that speaks another language is
# treated as if it were down.
_REFUSAL = re.compile(
    r"password authentication failed|no password supplied|FATAL: +role .+ does not exist|"
    r"FATAL: +database .+ does not exist|\((1045|1049|1698),"
)

WriteLine = Callable[[str], None]


def is_refusal(result: Result) -> bool:
    """Return whether a check failed because of a wrong password or a missing database. Waiting does not fix these."""
    return not result.ok and bool(_REFUSAL.search(result.detail))


def wait_until_healthy(checks: Mapping[str, Check], seconds: float, say: WriteLine) -> list[Result]:
    """Run the checks until all pass in the same round, for at most ``seconds``. With 0, run them once.

    A refusal (see :func:`is_refusal`) that lasts for 30 seconds is final. Return the failures of the last round,
    which are empty if every check passed. ``say`` gets a line when something changes, and a reminder every 15
    seconds.
    """
    end = time.monotonic() + seconds
    refused: float | None = None  # since when
    runner = CheckRunner(checks, min(_ASK_SECONDS, seconds) or _ASK_SECONDS, keep=0, log=_nothing)
    progress = _Progress(say)
    while True:
        results = runner.report().results
        progress.tell(results)
        failures = [result for result in results if not result.ok]
        now = time.monotonic()
        refused = (refused or now) if any(is_refusal(result) for result in failures) else None
        left = min(end, refused + _REFUSED_SECONDS if refused else end) - now
        if not failures or left <= 0:
            return failures
        time.sleep(min(_EVERY_SECONDS, left))


class _Progress:
    """Report what has changed since the last round."""

    def __init__(self, say: WriteLine) -> None:
        self._say = say
        self._began = self._said = time.monotonic()
        self._known: dict[str, str] = {}

    def tell(self, results: tuple[Result, ...]) -> None:
        now = time.monotonic()
        remind = now - self._said >= _REMIND_SECONDS
        for result in results:
            news = "is ready" if result.ok else f"is not ready: {result.detail}"
            if self._known.get(result.name) != news or (remind and not result.ok):
                self._said = now
                self._known[result.name] = news
                self._say(f"{result.name} {news} ({now - self._began:.0f} s)")


def _nothing(*args: object) -> None:
    pass
