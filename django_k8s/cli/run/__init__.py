"""``django-k8s run``: run a project's web, worker, beat and daemons on this machine, in one terminal.

It uses the same entrypoints as the image, in debug mode unless DEBUG is set. worker and beat are left out if the
project has no Celery application. The daemons are those that `init` recorded, and those given with --daemon.
Each role has its own session. So the terminal's Ctrl-C reaches only this process, which then stops the roles in
order.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from typing import Any

from django_k8s.cli import options
from django_k8s.environment.exit_codes import EX_CONFIG, EX_NOINPUT, EX_UNAVAILABLE, EX_USAGE
from django_k8s.environment.roles import SERVICES as ROLES

_LAST = 65500  # the ports for probes follow


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "run",
        help="run web, worker, beat and daemons of a project on this machine",
        description="Run a project on this machine: web, its daemons, and worker and beat if it has a Celery application.",
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=8000,
        help="port of the site (default: 8000); probes use the next ports, one for each role and daemon",
    )
    options.project(parser, "the directory of manage.py")
    parser.add_argument(
        "--only",
        type=_roles,
        action="extend",
        metavar="ROLE[,ROLE]",
        help=f"run only these roles: {', '.join(ROLES)}; may be repeated",
    )
    parser.add_argument(
        "--daemon",
        action="append",
        default=[],
        metavar="[NAME=]COMMAND",
        help="also run this management command as a daemon; may be repeated",
    )
    parser.set_defaults(run=_run)


def _run(asked: argparse.Namespace) -> int:
    """Run the roles until a signal ends them. Return the exit status, which is 0 after a signal."""
    from django_k8s.cli.run.daemons import Unreadable, given, recorded
    from django_k8s.cli.run.runner import Refused, RoleRunner
    from django_k8s.cli.run.terminal import Output

    directory = asked.dir.resolve()
    if not (directory / "manage.py").is_file():
        return _refuse(
            f"there is no manage.py in {directory}. Name its directory: --dir DIRECTORY.", EX_NOINPUT
        )
    roles = [role for role in ROLES if role in (asked.only or ROLES)]
    try:
        daemons = {**recorded(directory), **given(asked.daemon)} if "daemon" in roles else {}
    except Unreadable as error:
        return _refuse(str(error), EX_CONFIG)
    if asked.only and "daemon" in asked.only and not daemons:
        return _refuse("there is no daemon to run. Name one: --daemon COMMAND.", EX_USAGE)
    if "web" in roles and importlib.util.find_spec("gunicorn") is None:
        return _refuse("gunicorn is not installed: pip install 'django-k8s-toolkit[web]'.", EX_UNAVAILABLE)
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    runner = RoleRunner(directory, asked.port, Output(sys.stdout, colours=colours), daemons)
    try:
        return runner.run(roles, chosen=bool(asked.only))
    except Refused as error:
        return _refuse(str(error), error.status)


def _port(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= _LAST:
        raise argparse.ArgumentTypeError(f"choose a port from 1024 to {_LAST}")
    return port


def _roles(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",")]
    for name in names:
        if name not in ROLES:
            raise argparse.ArgumentTypeError(f"there is no role {name!r} to run. Roles: {', '.join(ROLES)}.")
    return names


def _refuse(text: str, status: int) -> int:
    print(f"django-k8s run: {text}", file=sys.stderr)
    return status
