"""``django-k8s env``: list every variable and where its value comes from."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django_k8s.cli import options
from django_k8s.environment.env import Env
from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.environment.masking import mask
from django_k8s.environment.variables import VARIABLES, Variable

_MASK = "********"


def add_parser(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "env",
        help="list every variable: its type, its default, and where it is set",
        description="List every variable: its type, its default, whether it is set, and where.",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options.project(parser, "the project's directory, whose .env is read")
    parser.set_defaults(run=lambda given: print_environment(given.dir, as_json=given.json))


def print_environment(base_dir: Path, *, as_json: bool) -> int:
    """Print the table on standard output and the problems on standard error.

    Return 0, or 78 if a variable is malformed. Mask the values of secrets, and of URLs, which may contain a password.
    """
    env = Env(base_dir)
    rows = [_row(env, variable) for variable in VARIABLES.values()]
    problems = env.problems
    if as_json:
        print(json.dumps(rows, indent=2))
    else:
        _print_table(rows)
    for problem in [*problems, *env.warnings]:
        print(problem, file=sys.stderr)
    return EX_CONFIG if problems else 0


def _row(env: Env, variable: Variable) -> dict[str, object]:
    found = env.resolve(variable.name)
    # Mask every value, because any value may contain a URL.
    masked = variable.secret or variable.kind == "url"
    return {
        "name": variable.name,
        "type": variable.kind,
        "default": default_text(variable),
        "set": found is not None,
        "source": found.source if found else "default",
        "value": None if found is None else _MASK if masked else mask(found.value),
        "secret": variable.secret,
        "required": variable.required,
        "scope": variable.scope,
        "group": variable.group,
        "help": variable.help,
    }


def default_text(variable: Variable) -> str:
    """Return the default as it is written in the environment, or an empty string if there is none."""
    default = variable.default
    if default is None:
        return ""
    if isinstance(default, bool):
        return "true" if default else "false"
    if isinstance(default, tuple):
        return ",".join(default)
    return str(default)


def _print_table(rows: list[dict[str, object]]) -> None:
    header = ("VARIABLE", "TYPE", "DEFAULT", "VALUE", "FROM")
    lines = [
        (
            str(row["name"]),
            str(row["type"]),
            str(row["default"]) or "-",
            str(row["value"] or "-"),
            str(row["source"]),
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in [header, *lines]) for column in range(len(header))]
    group = None
    print("  ".join(text.ljust(width) for text, width in zip(header, widths, strict=True)).rstrip())
    for row, line in zip(rows, lines, strict=True):
        if row["group"] != group:
            group = row["group"]
            print(f"\n# {group}")
        print("  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())
