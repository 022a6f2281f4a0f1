"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path


def repository(command: argparse.ArgumentParser) -> None:
    """Add the argument for the repository, for init, check and update."""
    command.add_argument(
        "directory",
        type=Path,
        nargs="?",
        default=Path(),
        help="a directory in the repository (default: this one)",
    )


def loading(command: argparse.ArgumentParser, what: str = "settings") -> None:
    """Add the options for loading the project, for init, check and update."""
    command.add_argument("--no-load", action="store_true", help=f"read only files; do not load the {what}")
    command.add_argument(
        "--python", default="", metavar="PROGRAM", help="the Python that has the project's packages"
    )


def project(command: argparse.ArgumentParser, text: str = "the project's directory") -> None:
    """Add ``--dir``, for commands that need a project that is already set up."""
    command.add_argument(
        "--dir", type=Path, default=Path(), metavar="DIRECTORY", help=f"{text} (default: this one)"
    )


def dirty(command: argparse.ArgumentParser) -> None:
    """Add ``--allow-dirty``, for commands that write into a repository."""
    command.add_argument(
        "--allow-dirty", action="store_true", help="continue even if the git tree has uncommitted changes"
    )


def cluster(command: argparse.ArgumentParser) -> None:
    """Add ``--context``, the context of kubectl."""
    command.add_argument("--context", default="", help="the context of kubectl (default: the current one)")


def change(command: argparse.ArgumentParser, *, seconds: float, of: str) -> None:
    """Add the options of commands that change a cluster. ``of`` says what ``seconds`` limits."""
    command.add_argument(
        "--namespace", "-n", default="", help="an existing namespace (default: PROJECT-NAME)"
    )
    command.add_argument(
        "--yes", "-y", action="store_true", help="do not ask, even if the cluster is not on this machine"
    )
    command.add_argument(
        "--timeout", type=float, default=seconds, metavar="SECONDS", help=f"{of} (default: {seconds:.0f})"
    )
