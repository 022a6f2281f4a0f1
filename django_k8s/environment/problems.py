"""What is reported about the environment: the message with all problems, and misspelt names."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable
from typing import Protocol

from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.environment.sources import Problem

# How alike two names have to be for one to look like a misspelling of the other.
_ALIKE = 0.84
_LENGTHS_APART = 2


class Reader(Protocol):
    """What reads the environment and records what is wrong with it: an ``Env``."""

    @property
    def problems(self) -> list[Problem]:
        """Everything that is wrong so far."""

    def is_set(self, name: str, /) -> bool:
        """Return whether ``name`` is set."""


_followed: list[Reader] = []


def follow(reader: Reader) -> None:
    """Have :func:`stop_if_followed` report the problems of ``reader`` too."""
    _followed.append(reader)


def reset() -> None:
    """Forget the readers. For tests that make some with mistakes."""
    _followed.clear()


def stop_if_followed() -> None:
    """Do as :func:`stop_if` with the problems of every reader, once for each name; then forget the readers."""
    problems: dict[str, Problem] = {}
    for reader in _followed:
        for problem in reader.problems:
            problems.setdefault(problem.name, problem)
    debug_set = any(reader.is_set("DEBUG") for reader in _followed)
    reset()
    stop_if(list(problems.values()), debug_set=debug_set)


def message(problems: Collection[Problem], *, debug_set: bool) -> str:
    """All problems, one line each. Without DEBUG, the last line says how to develop without them."""
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    lines = [f"  {problem}" for problem in problems]
    lines = [f"The configuration has {count}:", *lines, "`django-k8s env` lists every variable."]
    if not debug_set:
        lines.append("On a development machine, set DEBUG=true, for example in .env.")
    return "\n".join(lines)


def stop_if(problems: Collection[Problem], *, debug_set: bool = True) -> None:
    """Print all problems to standard error and raise SystemExit with status 78, if there are any.

    78 is EX_CONFIG of sysexits.h. An ordinary exception would be caught by frameworks, which print a traceback.
    """
    if problems:
        print(message(problems, debug_set=debug_set), file=sys.stderr, flush=True)
        raise SystemExit(EX_CONFIG)


def misspelt(names: Iterable[str], known: Collection[str], unset: Collection[str]) -> list[tuple[str, str]]:
    """Pairs (name that is set, unset variable that it resembles), for upper-case names only."""
    import difflib  # not at each start of the entrypoint

    pairs = []
    for seen in names:
        if seen in known or seen.removesuffix("_FILE") in known or not seen.isupper():
            continue
        # Names of other lengths cannot be alike enough, and comparing them takes time.
        similar = [name for name in unset if abs(len(name) - len(seen)) <= _LENGTHS_APART]
        if similar:
            close = difflib.get_close_matches(seen, similar, n=1, cutoff=_ALIKE)
            pairs += [(seen, name) for name in close]
    return sorted(pairs)
