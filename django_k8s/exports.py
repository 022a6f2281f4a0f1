"""``python -m django_k8s.exports``: what the entrypoint and the agents need and the process environment lacks.

A shell and the agents around a role read the process environment alone. This prints, as commands of
a shell, those of their variables that stand elsewhere: in files, the folders of ENV_DIR, .env.
Whatever is wrong there is reported by the role itself. Standard library only: it runs at each start.
"""

from __future__ import annotations

import os
import shlex
import sys

from django_k8s.env import Env

NAMES = (
    "BUILD_PHASE",
    "CELERY_APP",
    "DEBUGGER",
    "DEBUGGER_PORT",
    "DJANGO_SETTINGS_MODULE",
    "ENVIRONMENT",
    "LOG_LEVEL",
    "NEW_RELIC_LICENSE_KEY",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "RELEASE",
    "STATE_DIR",
)
AGENTS = ("NEW_RELIC_", "OTEL_")  # whatever else is set for them, by its own name


def main() -> None:
    """Print the commands."""
    env = Env()
    # What an agent would not take for a name, a shell would not take for one either.
    named = {name for name in env.names if name.startswith(AGENTS) and name.isidentifier() and name.isascii()}
    for name in sorted({*NAMES, *named}):
        found = env.find(name)
        if found and found.source != "environment":
            sys.stdout.buffer.write(os.fsencode(f"export {name}={shlex.quote(found.value)}\n"))


if __name__ == "__main__":
    main()
