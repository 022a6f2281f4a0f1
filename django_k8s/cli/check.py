"""The options of ``django-k8s check``."""

from __future__ import annotations

import argparse
from typing import Any

from django_k8s import __version__
from django_k8s.cli import options

_ANSWERS = {"project": "project_dir", "settings": "settings_module"}


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "check",
        help="list what would fail or surprise on Kubernetes",
        description="List what would fail or surprise on Kubernetes, with the reason and the fix. It works before and after init.",
    )
    options.repository(parser)
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 for warnings too, not only for errors"
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    parser.add_argument(
        "--ignore",
        action="append",
        default=[],
        metavar="ID",
        help="leave out this kind of finding; may be repeated",
    )
    options.loading(parser, "project")
    parser.add_argument(
        "--project", metavar="DIRECTORY", help="the folder of manage.py, relative to the git root"
    )
    parser.add_argument("--settings", metavar="MODULE", help="the settings that production builds on")
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from django_k8s.adopt.check.command import Request, check

    answers = {
        fact: getattr(given, name).rstrip("/") or "."
        for name, fact in _ANSWERS.items()
        if getattr(given, name) is not None
    }
    request = Request(
        given.directory,
        answers,
        strict=given.strict,
        json=given.json,
        load=not given.no_load,
        python=given.python,
        ignore=frozenset(given.ignore),
    )
    return check(request, version=__version__)
