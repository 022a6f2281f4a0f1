"""``python -m django_k8s.cli.reload ROLE [ARGUMENT...]``: development's entrypoint, with reload.

web, worker and beat start again whenever a source file below the working directory changes. If an edit
breaks them, the next one starts them again. A role that DEBUGGER names is not restarted, since that would
end the debugger's session. Everything else runs as the image's entrypoint runs it.

It needs watchfiles, which the development image has.
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

# Templates are cached by each process, and .env is read at its start.
EXTENSIONS = (".html", ".txt", ".po", ".mo", ".env")
STOP_SECONDS = 5  # for requests and tasks in flight


def main(argv: Sequence[str]) -> int:
    """Run a role until a signal ends it. Returns the exit status; does not return for other programs."""
    command = ["/bin/sh", str(assets() / "entrypoints" / "entrypoint"), *argv]
    role = argv[0] if argv else ""
    if role not in SERVICES or role in _debugged():
        os.execv(command[0], command)  # noqa: S606 - no shell is wanted between
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
    # The entrypoint, which exports it, runs below this.
    found = Env().resolve("DEBUGGER")
    return items(found.value) if found else []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
