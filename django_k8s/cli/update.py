"""``django-k8s update``: the options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django_k8s.adopt.update.command import Request, update


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "update", help="merge what this version of django-k8s would write into the files that init wrote"
    )
    parser.add_argument(
        "directory",
        type=Path,
        nargs="?",
        default=Path(),
        help="a directory of the repository (default: this one)",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 2 if an update waits, and 0 if not"
    )
    parser.add_argument("--json", action="store_true", help="print what happened as JSON")
    parser.add_argument("--no-load", action="store_true", help="do not load the settings: read files only")
    parser.add_argument(
        "--python", default="", metavar="PROGRAM", help="the Python that has the project's packages"
    )
    parser.add_argument("--allow-dirty", action="store_true", help="go on although the git tree has changes")


def run(options: argparse.Namespace, version: str) -> int:
    """Run the command; return the exit status."""
    request = Request(
        options.directory,
        check=options.check,
        json=options.json,
        load=not options.no_load,
        python=options.python,
        allow_dirty=options.allow_dirty,
    )
    return update(request, version=version)
