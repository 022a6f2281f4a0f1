"""``python -m django_k8s.cli.reload ROLE [ARGUMENT...]``: the entrypoint in development, which reloads.

Restart a service whenever a source file below the working directory changes. If an edit breaks it, the next edit
starts it again. A role in DEBUGGER is not restarted, because that would end the debugger's session. Everything
else runs as the image's entrypoint runs it.

This needs watchfiles, which the development image has.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Sequence

from watchfiles import PythonFilter, run_process

from django_k8s.environment.assets import assets
from django_k8s.environment.env import Env
from django_k8s.environment.roles import SERVICES
from django_k8s.environment.sources import items

# Each process caches templates, and reads .env when it starts.
EXTENSIONS = (".html", ".txt", ".po", ".mo", ".env")
STOP_SECONDS = 5  # for running requests and tasks


def main(argv: Sequence[str]) -> int:
    """Run a role until a signal ends it, and return its exit status.

    For anything that is not reloaded, replace this process and do not return.
    """
    command = ["/bin/sh", str(assets() / "entrypoints" / "entrypoint"), *argv]
    role = argv[0] if argv else ""
    if role not in SERVICES or role in _debugged():
        os.execv(command[0], command)  # noqa: S606 - no shell is needed
    run_process(
        ".",
        target=shlex.join(command),
        target_type="command",
        watch_filter=PythonFilter(extra_extensions=EXTENSIONS),
        callback=lambda changes: print(f"{role}: {min(changes)[1]} changed, starting again", flush=True),
        debounce=400,
        sigint_timeout=STOP_SECONDS,
    )
    return 0


def _debugged() -> list[str]:
    # The entrypoint would export it, but runs as a child of this process.
    found = Env().resolve("DEBUGGER")
    return items(found.value) if found else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
