"""``python -m django_k8s.environment.shell_exports``: print start-up variables as shell commands.

The programs of a role read start-up variables from the process environment only. This prints the start-up variables
and those of agents that are set elsewhere: in files, in the directories in ENV_DIR or in .env. The entrypoint
evaluates the output. The role itself reports mistakes in the values. This uses only the standard library, because it
runs at each start.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator

from django_k8s.environment import problems
from django_k8s.environment.env import Env
from django_k8s.environment.sources import PROCESS, Problem

# The shell and manage.py need these before settings are loaded.
_MORE = ("BUILD_PHASE", "DJANGO_SETTINGS_MODULE")
# The limit of Linux for one variable in bytes, MAX_ARG_STRLEN, including its name and a NUL.
_LONGEST = 131072
# For all of them together. They share 2 MiB with the arguments and the rest of the environment.
_MOST = 1 << 20
AGENTS = ("NEW_RELIC_", "OTEL_")  # prefixes of their variables that are not in the table


def variables_to_export(env: Env) -> Iterator[tuple[str, str]]:
    """Yield the name and value of every such variable that is missing from the process environment."""
    startup = {name for name, variable in env.table.items() if variable.scope == "startup"}
    # A shell accepts only identifiers in ASCII as names, and so do agents.
    agents = {
        name for name in env.names if name.startswith(AGENTS) and name.isidentifier() and name.isascii()
    }
    # ENV_FILE says where the others are, so it cannot be one of them.
    for name in sorted({*startup, *_MORE, *agents} - {"ENV_FILE"}):
        found = env.resolve(name)
        if found and found.source != PROCESS:
            yield name, found.value


def main() -> None:
    """Print the commands. Raise SystemExit with status 78 if a variable is too long to start a program with it."""
    exported = dict(variables_to_export(Env()))
    problems.stop_if(_too_long({name: len(os.fsencode(f"{name}={exported[name]}")) for name in exported}))
    for name, value in exported.items():
        sys.stdout.buffer.write(b"export %s\n" % os.fsencode(f"{name}={shlex.quote(value)}"))


def _too_long(lengths: dict[str, int]) -> list[Problem]:
    what = [(name, "is longer than 128 KiB") for name, length in lengths.items() if length >= _LONGEST]
    if not what and sum(lengths.values()) > _MOST:
        longest = max(lengths, key=lambda name: lengths[name])
        what = [(longest, "is the longest of variables that have more than 1 MiB together")]
    return [
        Problem(name, f"{text}, so no program can be started with it. Shorten or remove it.")
        for name, text in what
    ]


if __name__ == "__main__":
    main()
