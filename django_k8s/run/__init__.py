"""``django-k8s run``: a project's web, worker and beat on this machine, in one terminal.

It runs what the image runs, by the same entrypoints, in debug mode unless DEBUG says otherwise.
Each role is in a session of its own, so that the terminal's Ctrl-C reaches this process alone, which
then stops the roles in order.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from django_k8s.exits import EX_NOINPUT, EX_UNAVAILABLE, EX_USAGE
from django_k8s.roles import SERVICES as ROLES
from django_k8s.run.runner import Runner
from django_k8s.run.terminal import Output


def main(argv: Sequence[str]) -> int:
    """Run the command line ``django-k8s run`` and return its exit status: 0 after a signal."""
    parser = argparse.ArgumentParser(
        prog="django-k8s run", description="Run web, worker and beat of a project on this machine."
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=8000,
        help="port of the site; the probes take the three after it (default: 8000)",
    )
    parser.add_argument(
        "--dir", type=Path, default=Path(), help="folder of manage.py (default: this one)", metavar="FOLDER"
    )
    try:
        options = parser.parse_args(argv)
    except SystemExit as end:
        return EX_USAGE if end.code else 0
    folder = options.dir.resolve()
    if not (folder / "manage.py").is_file():
        return _refuse(f"there is no manage.py in {folder}. Name its folder: --dir FOLDER.", EX_NOINPUT)
    missing = [name for name in ("gunicorn", "celery") if importlib.util.find_spec(name) is None]
    if missing:
        return _refuse(
            f"{' and '.join(missing)} not installed: pip install 'django-k8s-toolkit[web,worker]'.",
            EX_UNAVAILABLE,
        )
    ports = [port for port in range(options.port, options.port + 1 + len(ROLES)) if taken(port)]
    if ports:
        names = " and ".join(map(str, ports))
        what = f"port {names} is taken" if len(ports) == 1 else f"ports {names} are taken"
        return _refuse(
            f"{what}, so nothing was started. Stop what runs there, or use others: --port {options.port + 10}.",
            EX_UNAVAILABLE,
        )
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return Runner(folder, options.port, Output(sys.stdout, colours=colours)).run()


def _port(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= 65535 - len(ROLES):
        raise argparse.ArgumentTypeError(f"choose a port from 1024 to {65535 - len(ROLES)}")
    return port


def _refuse(text: str, status: int) -> int:
    print(f"django-k8s run: {text}", file=sys.stderr)
    return status


def taken(port: int) -> bool:
    """Whether somebody listens on ``port`` already."""
    with socket.socket() as sock:
        # As servers do: a connection of the former run that lingers is not in the way.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", port))
            sock.listen(1)
        except OSError:
            return True
    return False
