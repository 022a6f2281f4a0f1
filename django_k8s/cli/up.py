"""``django-k8s up``, ``down`` and ``list``: the command line of django_k8s.release."""

from __future__ import annotations

import argparse
import os
import shlex
from pathlib import Path
from typing import Any

from django_k8s.cli import options


def add_parser(commands: Any) -> None:
    """Add the three commands."""
    up = commands.add_parser(
        "up",
        help="build the project and run it in a staging environment on a cluster",
        description="Build the project and run it in a staging environment on a cluster. Run it again after each change.",
    )
    up.add_argument(
        "name", nargs="?", default="staging", help="the environment, such as pr-123 (default: staging)"
    )
    options.project(up)
    options.cluster(up)
    options.change(up, seconds=600, of="how long to wait until everything is ready")
    up.add_argument(
        "--image", default="", metavar="NAME:TAG", help="deploy this image instead of building one"
    )
    up.add_argument(
        "--registry",
        default="",
        metavar="HOST/NAME",
        help="push the image to this registry; the nodes pull it from there",
    )
    up.add_argument(
        "--load",
        default=os.environ.get("CLUSTER_LOAD_IMAGE", ""),
        metavar="COMMAND",
        help="load images into the nodes with this command (CLUSTER_LOAD_IMAGE)",
    )
    up.add_argument(
        "--library",
        type=Path,
        default=os.environ.get("DJANGO_K8S_LIBRARY") or None,
        metavar="DIRECTORY",
        help="install the wheel of django-k8s-toolkit in this directory instead of a release (DJANGO_K8S_LIBRARY)",
    )
    up.add_argument(
        "--build-option",
        action="append",
        default=[],
        metavar="OPTION",
        help="an option of docker buildx build, such as --build-option=--network=host; may be repeated (DJANGO_K8S_BUILD_OPTIONS)",
    )
    up.add_argument(
        "--expires",
        default="",
        metavar="TIME",
        help="when `down --expired` may remove the environment: after 90m, 12h, 3d or 2w",
    )
    up.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a value of the chart; may be repeated",
    )
    up.add_argument(
        "-f",
        "--values",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a file with values of the chart; may be repeated",
    )
    up.add_argument(
        "--show-password", action="store_true", help="print the password even if the output is not a terminal"
    )
    up.set_defaults(run=_up)

    down = commands.add_parser(
        "down",
        help="remove a staging environment, with its volumes and its namespace",
        description="Remove a staging environment, with its volumes and its namespace.",
    )
    down.add_argument("name", nargs="?", default="", help="the environment, such as pr-123")
    down.add_argument(
        "--expired", action="store_true", help="remove all environments of the project that have expired"
    )
    options.project(down)
    options.cluster(down)
    options.change(down, seconds=300, of="how long to wait in each step")
    down.set_defaults(run=_down)

    listing = commands.add_parser(
        "list",
        help="list the staging environments of the project",
        description="List the staging environments of the project.",
    )
    listing.add_argument("--all", action="store_true", help="list the environments of all projects")
    listing.add_argument("--expired", action="store_true", help="list only environments that have expired")
    listing.add_argument("--json", action="store_true", help="print JSON")
    options.project(listing)
    options.cluster(listing)
    listing.set_defaults(run=_list)


def _up(given: argparse.Namespace) -> int:
    from django_k8s.release import up
    from django_k8s.release.ending import finish
    from django_k8s.release.report import Report

    chosen = up.Options(
        environment=given.name,
        directory=given.dir,
        context=given.context,
        yes=given.yes,
        namespace=given.namespace,
        image=given.image,
        registry=given.registry,
        load="" if given.registry else given.load,
        library=Path(given.library).resolve() if given.library else None,
        build_options=(
            *shlex.split(os.environ.get("DJANGO_K8S_BUILD_OPTIONS", "")),
            *given.build_option,
        ),
        expires=given.expires,
        sets=tuple(given.set),
        files=tuple(given.values),
        timeout=given.timeout,
        show_password=given.show_password,
    )
    report = Report()
    return finish(
        lambda: up.up(chosen, report), report, f"Run `django-k8s up {given.name}` again to continue."
    )


def _down(given: argparse.Namespace) -> int:
    from django_k8s.release import down
    from django_k8s.release.ending import finish
    from django_k8s.release.report import Report

    chosen = down.Options(
        environment=given.name,
        directory=given.dir,
        context=given.context,
        yes=given.yes,
        namespace=given.namespace,
        expired=given.expired,
        timeout=given.timeout,
    )
    report = Report()
    return finish(lambda: down.down(chosen, report), report, "Run the command again to continue.")


def _list(given: argparse.Namespace) -> int:
    from django_k8s.release import listing
    from django_k8s.release.ending import finish
    from django_k8s.release.report import Report

    chosen = listing.Options(
        directory=given.dir,
        context=given.context,
        everything=given.all,
        expired=given.expired,
        as_json=given.json,
    )
    report = Report()
    return finish(lambda: listing.environments(chosen, report), report, "Nothing was changed.")
