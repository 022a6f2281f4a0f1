"""The command ``django-k8s``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from django_k8s import __version__
from django_k8s.environment.exit_codes import EX_USAGE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status (64 for a command line that makes no sense)."""
    parser = _Parser(
        prog="django-k8s",
        description="Django on Kubernetes: adopt a project, staging environments, a local run, variables, files to copy.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    from django_k8s.cli import check, init, up, update

    init.add_parser(commands)
    check.add_parser(commands)
    up.add_parsers(commands)
    update.add_parser(commands)

    run = commands.add_parser(
        "run", help="run a project's web, worker and beat on this machine", add_help=False
    )
    run.add_argument("rest", nargs=argparse.REMAINDER)

    env = commands.add_parser(
        "env", help="list every variable: type, default, whether it is set and from where"
    )
    env.add_argument("--json", action="store_true", help="as JSON, for programs")
    env.add_argument(
        "--dir",
        type=Path,
        default=Path(),
        metavar="DIRECTORY",
        help="the project's directory, whose .env is read (default: this one)",
    )

    copy = commands.add_parser("copy", help="copy files from the package into your project")
    copy.add_argument("what", choices=("docker", "chart", "manifests", "example"), help="what to copy")
    copy.add_argument("destination", type=Path, help="a directory; created if it does not exist")
    copy.add_argument("--force", action="store_true", help="overwrite files that differ")

    arguments = sys.argv[1:] if argv is None else list(argv)
    if arguments[:1] == ["run"]:
        from django_k8s.cli import run as runner

        return runner.main(arguments[1:])
    options = parser.parse_args(arguments)
    if options.command in ("up", "down", "list"):
        return up.run(options)
    if options.command == "init":
        from django_k8s.cli.copy import copy_out

        return init.run(options, __version__, lambda directory: copy_out("example", directory))
    if options.command == "check":
        return check.run(options, __version__)
    if options.command == "update":
        return update.run(options, __version__)
    if options.command == "env":
        from django_k8s.cli.env import print_environment

        return print_environment(options.dir, as_json=options.json)
    from django_k8s.cli.copy import copy_out

    return copy_out(options.what, options.destination, force=options.force)


class _Parser(argparse.ArgumentParser):
    """argparse, with the exit status of sysexits.h for a wrong command line (EX_USAGE)."""

    def exit(self, status: int = 0, message: str | None = None) -> None:  # type: ignore[override]
        super().exit(EX_USAGE if status == 2 else status, message)


if __name__ == "__main__":
    raise SystemExit(main())
