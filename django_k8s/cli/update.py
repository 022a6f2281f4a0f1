"""The options of ``django-k8s update``."""

from __future__ import annotations

import argparse
from typing import Any

from django_k8s import __version__
from django_k8s.cli import options


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "update",
        help="bring the files that init wrote up to date, and keep your edits",
        description="Bring the files that init wrote up to date: merge what this version would write, and keep your edits.",
    )
    options.repository(parser)
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with 2 if there is something to update, else with 0",
    )
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")
    options.loading(parser)
    options.dirty(parser)
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from django_k8s.adopt.update.command import Request, update

    request = Request(
        given.directory,
        check=given.check,
        json=given.json,
        load=not given.no_load,
        python=given.python,
        allow_dirty=given.allow_dirty,
    )
    return update(request, version=__version__)
