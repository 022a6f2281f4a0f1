"""``python -m django_k8s.run_role PROGRAM ARGUMENT...``: run a role's program, observed.

PROGRAM is a module, such as gunicorn, or a file, such as manage.py. It runs in this process as if it had been started
directly. Before that, standard error is turned into lines of JSON if LOG_FORMAT says so, and metrics are shared
between processes if METRICS is on. Nothing else is imported.
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
    """Report a malformed WEB_CONCURRENCY: gunicorn reads it too, and would end with a traceback."""
    env.int("WEB_CONCURRENCY")
    problems.stop_if([problem for problem in env.problems if problem.name == "WEB_CONCURRENCY"])


def prepare(env: Env) -> None:
    """Set up this process according to LOG_FORMAT and METRICS. The role itself reports malformed values."""
    if env.str("LOG_FORMAT") == "json":
        from django_k8s.observability.stdout import install

        env.mask_secrets()  # so that even a traceback before the settings are loaded shows no secret
        # The output of these is their log. The output of a management command may be data.
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
        # prometheus_client reads it when it is imported. From then on, its values are in files that processes share.
        os.environ.setdefault("PROMETHEUS_MULTIPROC_DIR", str(directory))
        # This must come before the project creates a metric. The directory is created with the first file.
        from django_k8s.observability import metrics_file

        metrics_file.install()


if __name__ == "__main__":
    main()
