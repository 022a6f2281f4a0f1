"""``django-k8s check``: the options."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from django_k8s.adopt.check.command import Request, check

_ANSWERS = {"project": "project_dir", "settings": "settings_module"}


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "check", help="list what would fail or surprise on Kubernetes, before or after init"
    )
    parser.add_argument(
        "directory",
        type=Path,
        nargs="?",
        default=Path(),
        help="a directory of the repository (default: this one)",
    )
    parser.add_argument("--strict", action="store_true", help="exit with 1 if there are warnings, too")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--ignore", action="append", default=[], metavar="ID", help="leave out findings of a kind"
    )
    parser.add_argument("--no-load", action="store_true", help="do not load the project: read files only")
    parser.add_argument(
        "--python", default="", metavar="PROGRAM", help="the Python that has the project's packages"
    )
    parser.add_argument(
        "--project", metavar="DIRECTORY", help="the folder of manage.py, relative to the git root"
    )
    parser.add_argument("--settings", metavar="MODULE", help="the settings that production builds on")


def run(options: argparse.Namespace, version: str) -> int:
    """Run the command; return the exit status."""
    answers = {
        fact: getattr(options, name).rstrip("/") or "."
        for name, fact in _ANSWERS.items()
        if getattr(options, name) is not None
    }
    request = Request(
        options.directory,
        answers,
        strict=options.strict,
        json=options.json,
        load=not options.no_load,
        python=options.python,
        ignore=frozenset(options.ignore),
    )
    return check(request, version=version)
