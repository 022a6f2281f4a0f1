"""Writes the reference pages that come from the code: variables, system checks, settings functions."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from itertools import groupby
from pathlib import Path
from textwrap import dedent
from types import FunctionType, ModuleType

from django_k8s import overlay, settings
from django_k8s.adopt.check.catalogue import KINDS
from django_k8s.adopt.check.finding import SYSTEM_CHECKS_PAGE
from django_k8s.checks.messages import MESSAGES
from django_k8s.cli.env import default_text
from django_k8s.environment.variables import VARIABLES, Variable

REFERENCE = Path(__file__).parent / "reference"


def variables() -> str:
    """The page of every environment variable, by group."""
    lines = [
        "# Environment variables",
        "",
        "Generated from `django_k8s/environment/variables.py` by `make docs`. `django-k8s env` prints the same with the values of a machine.",
        "",
        "A value is looked up in the process environment, then in the file that `NAME_FILE` names, in the directories of",
        "`ENV_DIR` and in the file `.env` beside `manage.py` (`ENV_FILE` names another file). An empty value counts as not set.",
        "",
        "Variables marked *start-up* act before Django is loaded, so every program of a role has to see the same value. They are",
        "read from the process environment only. The entrypoint and `django-k8s run` look them up in all of these places and",
        "export them. If a process was started without one that `.env` sets, it prints a warning.",
    ]
    for group, members in groupby(VARIABLES.values(), key=lambda variable: variable.group):
        lines += ["", f"## {group}", "", "| variable | type | default | |", "|---|---|---|---|"]
        lines += [_row(variable) for variable in members]
    return "\n".join(lines) + "\n"


def _row(variable: Variable) -> str:
    default = default_text(variable)
    notes = [variable.help]
    if variable.choices:
        notes.append(f"One of {', '.join(f'`{choice}`' for choice in variable.choices)}.")
    if variable.example:
        notes.append(f"Example: `{variable.example}`.")
    if variable.scope == "startup":
        notes.append("*Start-up.*")
    if variable.required:
        notes.append("**Required in production.**")
    if variable.secret:
        notes.append("Secret: never printed.")
    text = " ".join(notes).replace("|", "\\|")
    return f"| `{variable.name}` | {variable.kind} | {f'`{default}`' if default else ''} | {text} |"


def system_checks() -> str:
    """The page of every system check, with what to do."""
    lines = [
        f"# {SYSTEM_CHECKS_PAGE}",
        "",
        "Generated from `django_k8s/checks/messages.py` by `make docs`. Errors stop every command of Django; warnings appear with",
        "`manage.py check --deploy`, which the `check` role runs, and are silent while DEBUG is on.",
        "",
        "| number | what is wrong | what to do |",
        "|---|---|---|",
    ]
    lines += [
        f"| `django_k8s.{message.number}` | {message.message} | {message.hint} |"
        for message in MESSAGES.values()
    ]
    return "\n".join(lines) + "\n"


# The part of a page before it is written by hand.
_MARK = "<!-- From here on generated from docstrings by `make docs`. -->"


def project_checks() -> str:
    """The page of what ``django-k8s check`` finds: its own introduction, then every finding."""
    mark = "<!-- From here on generated from django_k8s/adopt/check by `make docs`. -->"
    lines = [(REFERENCE / "check.md").read_text().partition(mark)[0] + mark]
    for group, kinds in KINDS.items():
        lines += ["", f"## {group}"]
        for kind in kinds:
            what = re.sub(r"(?<=\w)…\.$", ".", kind.what.replace("{detail}", "…"))
            head = f"**{kind.severity.capitalize()}.** " + (f"{what} " if what != "…" else "")
            lines += ["", f"### {kind.id}", "", f"{head}{kind.why}", "", kind.fix]
    return "\n".join(lines) + "\n"


def settings_functions() -> str:
    """The page of the settings functions and the overlay: its own introduction, then their docstrings."""
    head = (REFERENCE / "settings.md").read_text().partition(_MARK)[0]
    parts = [
        head + _MARK,
        "## Functions for a project's settings",
        *(_function("k8s", settings, name) for name in settings.__all__),
        "## Functions of the overlay",
        *(_function("overlay", overlay, name) for name in overlay.__all__),
    ]
    return "\n\n".join(parts) + "\n"


def _function(prefix: str, module: ModuleType, name: str) -> str:
    function = getattr(module, name)
    same = module is overlay and function is getattr(settings, name, None)
    text = f"The same as `k8s.{name}`." if same else _markdown(inspect.getdoc(function) or "")
    signature = inspect.signature(function)
    plain = [parameter.replace(annotation=parameter.empty) for parameter in signature.parameters.values()]
    call = f"{prefix}.{name}{signature.replace(parameters=plain, return_annotation=signature.empty)}"
    return f"### `{call}`\n\n{text}"


def _markdown(docstring: str) -> str:
    """A docstring as Markdown: its examples in fences, its code in single backticks."""
    parts = re.split(r"::\n\n((?:(?:    .*)?\n)+)", f"{docstring}\n")
    return "".join(
        f":\n\n```python\n{dedent(part).strip()}\n```\n\n" if index % 2 else part.replace("``", "`")
        for index, part in enumerate(parts)
    ).strip()


# What a project may import beside the settings functions, by topic.
_PYTHON = {
    "Settings": ("django_k8s.Env", "django_k8s.conf.Config"),
    "Middleware": (
        "django_k8s.middleware.KubernetesMiddleware",
        "django_k8s.middleware.StaticFilesMiddleware",
        "django_k8s.middleware.MediaFilesMiddleware",
        "django_k8s.middleware.media_files.serve_media",
    ),
    "Tasks and daemons": ("django_k8s.celery.once.once", "django_k8s.daemon.heartbeat"),
    "Health checks": (
        "django_k8s.health.Unhealthy",
        "django_k8s.health.find_checks",
        "django_k8s.health.make_checks",
    ),
    "Storage": (
        "django_k8s.media_storage.MediaUnavailable",
        "django_k8s.static_files.storage.ManifestStorage",
    ),
    "Mail and error reports": (
        "django_k8s.mail.EmailBackend",
        "django_k8s.mail.NullBackend",
        "django_k8s.error_reports.SecretFilter",
    ),
}
# Methods of these are for projects; those of the others are for Django.
_METHODS = {"django_k8s.Env"}


def python_api() -> str:
    """The page of what a project may import, from docstrings."""
    lines = [
        "# Python API",
        "",
        "Generated from docstrings by `make docs`. [Settings functions](settings.md) has `django_k8s.settings` and `django_k8s.overlay`.",
        "What is on neither page may change in any release.",
    ]
    for topic, names in _PYTHON.items():
        lines += ["", f"## {topic}"]
        for path in names:
            module, _, name = path.rpartition(".")
            found = getattr(importlib.import_module(module), name)
            lines += ["", f"### `{path}`", "", _prose(found)]
            if path in _METHODS:
                lines += ["", "| | |", "|---|---|"]
                lines += [
                    _method(name, member) for name, member in vars(found).items() if _documented(name, member)
                ]
    return "\n".join(lines) + "\n"


def _documented(name: str, member: object) -> bool:
    return (
        not name.startswith("_")
        and bool(inspect.getdoc(member))
        and isinstance(member, property | FunctionType)
    )


def _method(name: str, member: object) -> str:
    call = "" if isinstance(member, property) else "()"
    first = (
        (inspect.getdoc(member) or "")
        .partition("\n\n")[0]
        .replace("\n", " ")
        .replace("``", "`")
        .replace("|", "\\|")
    )
    return f"| `{name}{call}` | {first} |"


def _prose(found: object) -> str:
    """The docstring without its examples, which the how-to pages have."""
    text = re.sub(r"::\n\n((?:(?:    .*)?\n)+)", ".\n\n", f"{inspect.getdoc(found)}\n")
    text = re.sub(r":(?:class|func|data|meth):`~?([^`]+)`", r"`\1`", text)
    return text.replace("``", "`").strip()


PAGES = {
    "python.md": python_api,
    "environment.md": variables,
    "settings.md": settings_functions,
    "system-checks.md": system_checks,
    "check.md": project_checks,
}


def main() -> int:
    """Write the pages; with ``--check`` compare only, and return 1 when one is out of date."""
    stale = []
    for name, page in PAGES.items():
        path = REFERENCE / name
        if "--check" in sys.argv:
            stale += [name] if not path.exists() or path.read_text() != page() else []
        else:
            path.write_text(page())
    for name in stale:
        print(f"docs/reference/{name} is out of date: run `make docs`.", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
