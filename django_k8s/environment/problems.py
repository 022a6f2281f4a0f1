"""Report problems of the environment: one message with all of them, and misspelt names."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from typing import Protocol

from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.environment.sources import Problem

# How similar two names must be for one to look like a misspelling of the other.
_ALIKE = 0.84
_LENGTHS_APART = 2


class Reader(Protocol):
    """An ``Env``, or anything else that reads the environment and records its problems."""

    @property
    def problems(self) -> list[Problem]:
        """All problems so far."""

    def is_set(self, name: str, /) -> bool:
        """Return whether ``name`` is set."""


_followed: list[Reader] = []


def follow(reader: Reader) -> None:
    """Let :func:`stop_if_followed` also report the problems of ``reader``."""
    _followed.append(reader)


def reset() -> None:
    """Forget the readers. This is for tests that create readers with problems."""
    _followed.clear()


def stop_if_followed() -> None:
    """Call :func:`stop_if` with the problems of all readers, one for each name, and forget the readers."""
    problems: dict[str, Problem] = {}
    for reader in _followed:
        for problem in reader.problems:
            problems.setdefault(problem.name, problem)
    debug_set = any(reader.is_set("DEBUG") for reader in _followed)
    reset()
    stop_if(list(problems.values()), debug_set=debug_set)


def message(problems: Collection[Problem], *, debug_set: bool) -> str:
    """Return a message with one line for each problem. If DEBUG is not set, the last line recommends it."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"  {problem}" for problem in problems]
    lines = [f"The configuration has {count}:", *lines, "`django-k8s env` lists every variable."]
    if not debug_set:
        lines.append("On a development machine, set DEBUG=true, for example in .env.")
    return "\n".join(lines)


def stop_if(problems: Collection[Problem], *, debug_set: bool = True) -> None:
    """Print all problems to standard error and raise SystemExit with status 78, if there are any.

    78 is EX_CONFIG in sysexits.h. Frameworks would catch an ordinary exception and print a traceback.
    """
    if problems:
        print(message(problems, debug_set=debug_set), file=sys.stderr, flush=True)
        raise SystemExit(EX_CONFIG)


def misspelt(names: Iterable[str], known: Collection[str], unset: Collection[str]) -> list[tuple[str, str]]:
    """Return pairs of a name that is set and an unset variable that it resembles. Only upper-case names count."""
    import difflib  # slow to import, so not at each start of the entrypoint

    pairs = []
    for seen in names:
        if seen in known or seen.removesuffix("_FILE") in known or not seen.isupper():
            continue
        # Names whose lengths differ more cannot be similar enough, and comparing them takes time.
        similar = [name for name in unset if abs(len(name) - len(seen)) <= _LENGTHS_APART]
        if similar:
            close = difflib.get_close_matches(seen, similar, n=1, cutoff=_ALIKE)
            pairs += [(seen, name) for name in close]
    return sorted(pairs)
