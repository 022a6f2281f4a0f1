"""A project's daemons: an app with management commands, written anew for each test."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent, indent

from support.process import Process, answers, get, wait_until
from support.roles import role
from support.web import PROJECT

_COMMAND = """\
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("words", nargs="*")

    def handle(self, *, words, **options):
"""


def app(folder: Path, **commands: str) -> dict[str, str]:
    """Write the app ``loops`` with these commands, each the body of ``handle``; return the variables that install it."""
    target = folder / "apps" / "loops" / "management" / "commands"
    target.mkdir(parents=True)
    for package in (target, target.parent, target.parent.parent):
        (package / "__init__.py").touch()
    for name, body in commands.items():
        (target / f"{name}.py").write_text(_COMMAND + indent(dedent(body), " " * 8))
    return {"PYTHONPATH": f"{folder / 'apps'}:{PROJECT}", "TEST_APPS": "loops"}


@contextlib.contextmanager
def daemon(folder: Path, body: str, *words: str, **variables: str) -> Iterator[Process]:
    """The daemon ``turn``, whose ``handle`` has this body, as the entrypoint starts it."""
    with role(folder, "daemon", "turn", *words, **{**app(folder, turn=body), **variables}) as process:
        yield process


def probe(process: Process, path: str) -> tuple[int, str]:
    """What the listener of a daemon answers."""
    answer = get(process.probe_port, path)  # type: ignore[attr-defined]
    return answer.status, answer.text.strip()


def listens(process: Process) -> None:
    """Wait for the listener."""
    wait_until(lambda: answers(process.probe_port, "/livez"), 20, "the listener")  # type: ignore[attr-defined]


def freeze(pid: int, state: Path) -> None:
    """Stop a process, and let its heartbeat be as old as that of one that stopped 1000 seconds ago."""
    os.kill(pid, signal.SIGSTOP)
    path = state / "daemon" / f"{pid}.heartbeat"
    beat = json.loads(path.read_text())
    beat["at"] = beat["check"] = beat["at"] - 1000
    path.write_text(json.dumps(beat))
