"""``python -m django_k8s.run_role PROGRAM ARGUMENT...``: run a role's program, observed.

PROGRAM is a module, such as gunicorn, or a file, such as manage.py. It runs in this process as if it
had been started itself; before it, what goes to standard error is turned into lines of JSON where LOG_FORMAT
says so, and metrics are shared between processes where METRICS says so. Nothing else is imported.
"""

from __future__ import annotations

import importlib.util
import os
import runpy
import sys
from pathlib import Path

from django_k8s.daemon.stop import STOPPED, Stop
from django_k8s.environment import problems, startup, state_directory
from django_k8s.environment.env import Env
from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.environment.roles import SERVICES

_UNCOUNTED = ("", "manage")


def main() -> None:
    """Prepare, and run the program that the command line names."""
    if len(sys.argv) < 2:
        sys.exit("usage: python -m django_k8s.run_role PROGRAM ARGUMENT...")
    env = startup.env()
    prepare(env)
    if env.str("ROLE") in SERVICES:
        state_directory.clear(env.str("ROLE"))
    del sys.argv[0]
    program = sys.argv[0]
    if program == "gunicorn":
        check_processes(env)
    if env.str("ROLE") == "daemon":
        _stoppable(program)
    else:
        _run(program)


def _run(program: str) -> None:
    if program.endswith(".py"):
        sys.path[0] = str(Path(program).resolve().parent)
        runpy.run_path(program, run_name="__main__")
    else:
        runpy.run_module(program, run_name="__main__", alter_sys=True)


def _stoppable(program: str) -> None:
    stop = Stop()
    stop.install()
    try:
        _run(program)
    except KeyboardInterrupt:
        if not stop.asked:
            raise
        sys.exit(STOPPED)


def check_processes(env: Env) -> None:
    """Report a malformed WEB_CONCURRENCY: gunicorn reads it too, and ends with a traceback."""
    env.int("WEB_CONCURRENCY")
    problems.stop_if([problem for problem in env.problems if problem.name == "WEB_CONCURRENCY"])


def prepare(env: Env) -> None:
    """Set this process up as LOG_FORMAT and METRICS say. Malformed values are reported by the role itself."""
    if env.str("LOG_FORMAT") == "json":
        from django_k8s.observability.stdout import install

        env.mask_secrets()  # even a traceback from before the settings are loaded shows none
        # What these print is their log; what a management command prints may be data.
        printed = env.str("LOG_STDOUT") == "json" or env.str("ROLE") in ("migrate", "wait", "daemon")
        install(env, stdout=printed)
    # Nobody can scrape a management command.
    if env.bool("METRICS") and env.str("ROLE") not in _UNCOUNTED:
        if importlib.util.find_spec("prometheus_client") is None:
            print(
                "django-k8s: METRICS is on, but prometheus-client is not installed. Add the extra: django-k8s-toolkit[metrics].",
                file=sys.stderr,
            )
            sys.exit(EX_CONFIG)
        directory = state_directory.role_directory(env.str("ROLE")) / state_directory.METRICS
        # prometheus_client reads it when it is imported; from then on its values are files that processes share.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(directory))
        # Before the project makes a metric of its own. The directory is made with the first file.
        from django_k8s.observability import metrics_file

        metrics_file.install()


if __name__ == "__main__":
    main()
