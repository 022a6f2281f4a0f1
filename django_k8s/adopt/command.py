"""``django-k8s init``: examine the project, show what was found, and write the files or remove them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django_k8s.adopt import record, report
from django_k8s.adopt.ending import ended, fail, say
from django_k8s.adopt.examine import Options
from django_k8s.adopt.facts import NAMES, Fact
from django_k8s.adopt.failure import CannotAdopt
from django_k8s.adopt.notes import is_too_old
from django_k8s.adopt.plan import Plan, plan
from django_k8s.adopt.rules.places import git_root
from django_k8s.adopt.write import remove, write
from django_k8s.environment.exit_codes import EX_CANTCREAT, EX_CONFIG, EX_UNAVAILABLE, EX_USAGE


@dataclass(frozen=True)
class Request:
    """The options of the command line."""

    directory: Path = Path()
    answers: Mapping[str, Any] = field(default_factory=dict)
    yes: bool = False
    json: bool = False
    load: bool = True
    python: str = ""
    allow_dirty: bool = False
    undo: bool = False
    force: bool = False


def init(request: Request, *, version: str, copy_example: Callable[[Path], int]) -> int:
    """Adopt the project at ``request.directory``, or undo that; return the exit status."""

    def act() -> int:
        if request.undo:
            return _undo(request)
        if _is_empty(request.directory):
            return _template(request, copy_example)
        return _adopt(request, version)

    return ended("init", act, interrupted="interrupted: nothing was written.")


def _adopt(request: Request, version: str) -> int:
    root = git_root(request.directory)
    if not os.access(root, os.W_OK):
        raise CannotAdopt(
            f"{root} is not writable, so nothing was written. Change its permissions, and run this again.",
            EX_CANTCREAT,
        )
    earlier = record.read(root)
    answers = {**(earlier.answers if earlier else {}), **request.answers}
    if not request.allow_dirty and (not request.json or request.yes):
        refuse_dirty(root, record.own(earlier))
    made = plan(root, answers, Options(request.load, request.python, say), version=version)
    if request.yes or not request.json:
        _refuse_old(made.facts.text("django_version"))
    if earlier:
        return _again(request, made, earlier)
    if request.json:
        print(report.as_json(made.facts, made.files))
        if request.yes:
            write(root, made.files)
        return 0
    made = _decided(request, made, version)
    print(report.screen(made.facts))
    print()
    print(report.diff(made.texts))
    print()
    if not request.yes and not _confirmed(f"Write these {len(made.texts)} files?"):
        return (
            0
            if sys.stdin.isatty()
            else fail("init", "nothing was written. Add --yes to write these files.", EX_USAGE)
        )
    write(root, made.files)
    print(_next(made))
    return 0


def _refuse_old(django: str) -> None:
    if is_too_old(django):
        raise CannotAdopt(
            f"This project has Django {django}, and django-k8s needs 5.2 or newer: nothing was written. Upgrade Django first.",
            EX_UNAVAILABLE,
        )


def _again(request: Request, made: Plan, earlier: record.Record) -> int:
    """Report what a second run has found. Write nothing, because the files belong to the project by now."""
    if request.json:
        print(report.as_json(made.facts, made.files))
        return 0
    changed = [name for name, text in made.texts.items() if record.base(made.root, name) != text]
    if changed:
        print(
            f"The project or django-k8s has changed since {record.FILE} was written. To merge the changes, run "
            "`django-k8s update`:"
        )
        print(f"{', '.join(changed[:5])}{' ...' if len(changed) > 5 else ''}.")
    else:
        print(
            f"Nothing to do: {len(earlier.files)} files were written by django-k8s {earlier.version}, and would be the same today."
        )
    return 0


def _decided(request: Request, made: Plan, version: str) -> Plan:
    """Ask about each fact on which the rules disagree, and plan again with the answers."""
    answers = dict(made.record.answers)
    for fact in made.facts.questions:
        if not request.yes:
            answers[fact.name] = _ask(fact)
    if answers == dict(made.record.answers):
        return made
    return plan(made.root, answers, Options(request.load, request.python, say), version=version)


def _ask(fact: Fact) -> Any:
    title = NAMES.get(fact.name, fact.name)
    lines = [f"{number}. {choice.value}  ({choice.source})" for number, choice in enumerate(fact.choices, 1)]
    if not sys.stdin.isatty():
        values = ", ".join(str(choice.value) for choice in fact.choices)
        raise CannotAdopt(
            f"The rules disagree about the {title}: {values}. Choose one with --{flag(fact.name)}, or take the first with --yes.",
            EX_USAGE,
        )
    print("\n".join([f"Which {title}?", *lines]))
    while True:
        try:
            text = input(f"1-{len(lines)} [1]: ").strip() or "1"
        except EOFError:
            raise KeyboardInterrupt from None
        if text.isdigit() and 1 <= int(text) <= len(lines):
            return fact.choices[int(text) - 1].value


def flag(name: str) -> str:
    """Return the option that answers the question about a fact."""
    return {"project_dir": "project", "settings_module": "settings", "celery_application": "celery-app"}.get(
        name, name.replace("_", "-")
    )


def _undo(request: Request) -> int:
    root = git_root(request.directory)
    earlier = record.read(root)
    if earlier is None:
        raise CannotAdopt(
            f"There is nothing to undo: init has written nothing here, since {record.FILE} does not exist."
        )
    edited = [
        name
        for name in earlier.files
        if (root / name).is_file() and (root / name).read_text(errors="replace") != record.base(root, name)
    ]
    if edited and not request.force:
        raise CannotAdopt(
            f"{', '.join(sorted(edited)[:5])} was edited since init wrote it. Remove your changes, or add --force to lose them.",
            EX_CANTCREAT,
        )
    remove(root, sorted(record.own(earlier)))
    print(f"Removed {len(earlier.files)} files.")
    return 0


def _template(request: Request, copy_example: Callable[[Path], int]) -> int:
    print(
        "This directory is empty. `django-k8s copy example .` puts a small project here, which uses all of django-k8s."
    )
    if request.json:
        return 0
    if request.yes or (sys.stdin.isatty() and _confirmed("Copy it?")):
        return copy_example(request.directory)
    return (
        0
        if sys.stdin.isatty()
        else fail("init", "nothing was written. Add --yes to copy the example.", EX_USAGE)
    )


def refuse_dirty(root: Path, own: frozenset[str] = frozenset()) -> None:
    """Raise CannotAdopt if files other than ``own`` have uncommitted changes."""
    command = [
        "git",
        "--no-optional-locks",
        "-C",
        str(root),
        "status",
        "--porcelain",
        "-z",
        "--untracked-files=all",
        "--no-renames",
    ]
    try:
        ended = subprocess.run(command, capture_output=True, check=True)  # noqa: S603
    except FileNotFoundError:
        raise CannotAdopt("git is not installed. Install it, and run this again.", EX_UNAVAILABLE) from None
    except (OSError, subprocess.CalledProcessError) as error:
        lines = getattr(error, "stderr", b"").decode(errors="replace").strip().splitlines() or [str(error)]
        raise CannotAdopt(f"git cannot say whether {root} has changes: {lines[-1]}", EX_CONFIG) from None
    changed = [one[3:] for one in ended.stdout.decode(errors="surrogateescape").split("\0") if one]
    changed = [name for name in changed if name not in own]
    if changed:
        raise CannotAdopt(
            f"The git tree has uncommitted changes, such as {changed[0]}. Commit or stash them first, so that one "
            "diff shows what this command does, or add --allow-dirty.",
            EX_USAGE,
        )


def _is_empty(directory: Path) -> bool:
    return directory.is_dir() and all(path.name == ".git" for path in directory.iterdir())


def _confirmed(question: str) -> bool:
    if not sys.stdin.isatty():
        return False
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _next(made: Plan) -> str:
    return "\n".join(
        [
            f"Wrote {len(made.texts)} files, and {record.FILE} for updates. Commit them.",
            "Next: `django-k8s up` builds the image and runs it on your cluster; `django-k8s init --undo` removes the files.",
        ]
    )
