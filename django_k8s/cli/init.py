"""The options of ``django-k8s init``."""

from __future__ import annotations

import argparse
from typing import Any

from django_k8s import __version__
from django_k8s.cli import options

# The facts that an option can set, if the rules cannot decide or are wrong.
_ANSWERS = {
    "project": ("project_dir", "DIRECTORY", "the folder of manage.py, relative to the git root"),
    "settings": (
        "settings_module",
        "MODULE",
        "the settings that production builds on, such as shop.settings.production",
    ),
    "lock": ("lock", "FILE", "the lock or requirements file, relative to the git root"),
    "interface": ("interface", "wsgi|asgi", "how Django is served"),
    "application": ("application", "MODULE:NAME", "the application that the server loads"),
    "celery-app": ("celery_application", "MODULE:NAME", "the Celery application, or none"),
    "python-version": ("python_version", "VERSION", "the version of Python in the image, such as 3.13"),
    "media": ("media", "bucket|volume|none", "where uploads go"),
    "readiness-page": (
        "readiness_page",
        "PATH",
        "the page that must render before a pod gets requests, or none",
    ),
}


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "init",
        help="adopt the Django project in this repository: write new files, change none",
        description="Adopt the Django project in this repository: detect what it needs, and write new files. No file is changed.",
    )
    options.repository(parser)
    parser.add_argument(
        "--yes", action="store_true", help="write without asking, with the best answer to each question"
    )
    parser.add_argument(
        "--json",
        action="store_true",
        help="print the facts as JSON; write files only together with --yes",
    )
    options.loading(parser)
    options.dirty(parser)
    parser.add_argument("--undo", action="store_true", help="remove what init wrote")
    parser.add_argument("--force", action="store_true", help="with --undo: also remove files that you edited")
    for name, (_, shape, text) in _ANSWERS.items():
        parser.add_argument(f"--{name}", metavar=shape, help=text)
    parser.set_defaults(run=_run)


def _run(given: argparse.Namespace) -> int:
    from django_k8s.adopt.command import Request, init
    from django_k8s.cli.copy import copy_out

    answers = {}
    for name, (fact, _, _) in _ANSWERS.items():
        value = getattr(given, name.replace("-", "_"))
        if value is not None:
            answers[fact] = _answer(fact, value)
    request = Request(
        given.directory,
        answers,
        yes=given.yes,
        json=given.json,
        load=not given.no_load,
        python=given.python,
        allow_dirty=given.allow_dirty,
        undo=given.undo,
        force=given.force,
    )
    return init(request, version=__version__, copy_example=lambda directory: copy_out("example", directory))


def _answer(fact: str, value: str) -> Any:
    if value == "none" and fact != "media":
        return "" if fact == "readiness_page" else None
    return value.rstrip("/") or "." if fact == "project_dir" else value
