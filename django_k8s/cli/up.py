"""``django-k8s up``, ``down`` and ``list``: the command line of django_k8s.release."""

from __future__ import annotations

import argparse
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

Commands = Any  # argparse has no public name for it


def add_parsers(commands: Commands) -> None:
    """Add the three commands."""
    up = commands.add_parser("up", help="build the project and run it in a staging environment on a cluster")
    up.add_argument(
        "name", nargs="?", default="staging", help="the environment, such as pr-123 (default: staging)"
    )
    _place(up)
    up.add_argument("--image", default="", metavar="NAME:TAG", help="deploy this image and build none")
    up.add_argument(
        "--registry", default="", metavar="HOST/NAME", help="push the image there, for the nodes to pull it"
    )
    up.add_argument(
        "--load",
        default=os.environ.get("CLUSTER_LOAD_IMAGE", ""),
        metavar="COMMAND",
        help="a command that brings the images it is given to the nodes (CLUSTER_LOAD_IMAGE)",
    )
    up.add_argument(
        "--library",
        type=Path,
        default=os.environ.get("DJANGO_K8S_LIBRARY") or None,
        metavar="DIRECTORY",
        help="a directory with a wheel of django-k8s-toolkit, instead of a release (DJANGO_K8S_LIBRARY)",
    )
    up.add_argument(
        "--build-option",
        action="append",
        default=[],
        metavar="OPTION",
        help="an option for docker buildx build, such as --build-option=--network=host (DJANGO_K8S_BUILD_OPTIONS)",
    )
    up.add_argument("--expires", default="", metavar="TIME", help="how long it is kept: 90m, 12h, 3d or 2w")
    up.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a value of the chart")
    up.add_argument(
        "-f",
        "--values",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a file with values of the chart",
    )
    up.add_argument(
        "--timeout", type=float, default=600.0, metavar="SECONDS", help="for everything to be ready (600)"
    )
    up.add_argument(
        "--show-password", action="store_true", help="print the password, even if the output is no terminal"
    )

    down = commands.add_parser(
        "down", help="remove a staging environment, with its volumes and its namespace"
    )
    down.add_argument("name", nargs="?", default="", help="the environment")
    down.add_argument(
        "--expired", action="store_true", help="remove all environments of the project that have expired"
    )
    down.add_argument("--timeout", type=float, default=300.0, metavar="SECONDS", help="for each step (300)")
    _place(down)

    listing = commands.add_parser("list", help="list the staging environments of the project")
    listing.add_argument("--all", action="store_true", help="of all projects")
    listing.add_argument("--expired", action="store_true", help="only those that have expired")
    listing.add_argument("--json", action="store_true", help="as JSON, for programs")
    _directory(listing)


def _place(command: argparse.ArgumentParser) -> None:
    _directory(command)
    command.add_argument(
        "--namespace", "-n", default="", help="an existing namespace (default: PROJECT-NAME)"
    )
    command.add_argument(
        "--yes", "-y", action="store_true", help="ask nothing, also if the cluster is not on this machine"
    )


def _directory(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--dir",
        type=Path,
        default=Path(),
        metavar="DIRECTORY",
        help="the project's directory (default: this one)",
    )
    command.add_argument("--context", default="", help="a context of kubectl (default: the current one)")


def run(options: argparse.Namespace) -> int:
    """Run ``up``, ``down`` or ``list`` and return the exit status."""
    from django_k8s.release.command import finish
    from django_k8s.release.report import Report

    report = Report()
    action: Callable[[], None]
    if options.command == "up":
        from django_k8s.release import up

        chosen = up.Options(
            environment=options.name,
            directory=options.dir,
            context=options.context,
            yes=options.yes,
            namespace=options.namespace,
            image=options.image,
            registry=options.registry,
            load="" if options.registry else options.load,
            library=Path(options.library).resolve() if options.library else None,
            build_options=(
                *shlex.split(os.environ.get("DJANGO_K8S_BUILD_OPTIONS", "")),
                *options.build_option,
            ),
            expires=options.expires,
            sets=tuple(options.set),
            files=tuple(options.values),
            timeout=options.timeout,
            show_password=options.show_password,
        )
        action, again = (lambda: up.up(chosen, report)), f"`django-k8s up {options.name}` goes on."
    elif options.command == "down":
        from django_k8s.release import down

        removed = down.Options(
            environment=options.name,
            directory=options.dir,
            context=options.context,
            yes=options.yes,
            namespace=options.namespace,
            expired=options.expired,
            timeout=options.timeout,
        )
        action, again = (lambda: down.down(removed, report)), "The same command goes on."
    else:
        from django_k8s.release import listing

        listed = listing.Options(
            directory=options.dir,
            context=options.context,
            everything=options.all,
            expired=options.expired,
            as_json=options.json,
        )
        action, again = (lambda: listing.environments(listed, report)), "Nothing was changed."
    return finish(action, report, again)
