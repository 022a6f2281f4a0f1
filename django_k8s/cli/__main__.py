"""The command ``django-k8s``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from django_k8s import __version__
from django_k8s.cli import check, copy, env, init, run, up, update
from django_k8s.environment.exit_codes import EX_USAGE


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status, 64 if the command line is wrong."""
    parser = _Parser(
        prog="django-k8s",
        description="Take a Django project to Kubernetes: adopt it, check it, and run it in staging environments or on this machine.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, parser_class=_Parser)

    for module in (init, check, up, update, run, env, copy):
        module.add_parser(commands)
    options = parser.parse_args(argv)
    status: int = options.run(options)
    return status


class _Parser(argparse.ArgumentParser):
    """argparse, with the exit status of sysexits.h for a wrong command line (EX_USAGE)."""

    def exit(self, status: int = 0, message: str | None = None) -> None:  # type: ignore[override]
        super().exit(EX_USAGE if status == 2 else status, message)


if __name__ == "__main__":
    raise SystemExit(main())
