"""Long-running commands that are neither web nor Celery."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules.defined import Defined
from django_k8s.adopt.rules.programs import starting_lines
from django_k8s.adopt.rules.steps import labels
from django_k8s.adopt.tree import Tree, called, dotted, literal

# Apps with a management command that runs forever.
_WORKERS = {
    "django_rq": ["rqworker"],
    "django_q": ["qcluster"],
    "huey.contrib.djhuey": ["run_huey"],
    "django_dramatiq": ["rundramatiq"],
    "procrastinate.contrib.django": ["procrastinate", "worker"],
    "django_tasks_db": ["db_worker"],
    "django_tasks.backends.database": ["db_worker"],
    "background_task": ["process_tasks"],
}

_KNOWN = "|".join(sorted({command[0] for command in _WORKERS.values()}))


def daemons(tree: Tree, project: str, settings: Defined) -> Fact:
    """Return the long-running commands that are neither web nor Celery, as a list of ``{name, command}``."""
    found: dict[str, tuple[list[str], str]] = {}
    apps = settings.words("INSTALLED_APPS")
    place = settings.places.get("INSTALLED_APPS", "")
    for app, command in _WORKERS.items():
        if app in apps:
            found[command[0]] = ([*command, *(_rq_queues(settings) if app == "django_rq" else [])], place)
    own = dict(_commands(tree, project))
    for file, number, text in starting_lines(tree):
        # The command line of a worker also has its queues, which the app does not tell.
        match = re.search(rf"manage(?:\.py)?[\s\"',]+({_KNOWN})((?:\s+[\w-]+)*)", text)
        if match and not text.lstrip().startswith("#"):
            found[match[1]] = ([match[1], *match[2].split()], f"{file}:{number}")
    for file, number, text in starting_lines(tree):
        for match in re.finditer(r"manage\.py\s+([a-z]\w+)((?:\s+--?[a-z][\w-]*(?:[ =][\w./:-]+)?)*)", text):
            name = match[1]
            if name not in found and ((name in own and _loops(tree, own[name])) or "attach-daemon" in text):
                if text.lstrip().startswith(("#", ";")) or _conditional(tree, file, number):
                    continue
                options = [one for one in match[2].split() if one != "--skip-checks"]
                found[name] = ([name, *options], f"{file}:{number}")
    for name, file in own.items():
        if name not in found and _loops(tree, file, certain=True):
            found[name] = ([name], f"{file}:{_loops(tree, file, certain=True)}")
    value: list[dict[str, Any]] = [
        {"name": name, "command": found[command][0]}
        for name, command in zip(labels(sorted(found)), sorted(found), strict=True)
    ]
    source = ", ".join(dict.fromkeys(source for _, source in found.values()))
    return Fact("daemons", value, source or "no command runs forever", "likely" if found else "read")


def _rq_queues(settings: Defined) -> list[str]:
    for node in settings.nodes.get("RQ_QUEUES", []):
        if isinstance(node, ast.Dict):
            return [str(value) for key in node.keys if isinstance(value := literal(key), str)]
    return []


def _commands(tree: Tree, project: str) -> Iterator[tuple[str, str]]:
    for file in tree.code(project):
        path = PurePosixPath(file)
        if path.parent.as_posix().endswith("management/commands") and not path.stem.startswith("_"):
            yield path.stem, file


def _loops(tree: Tree, file: str, *, certain: bool = False) -> int:
    """Return the line of an endless loop in a management command, or 0 if there is none.

    With ``certain``, count only a loop that sleeps, and that ends never or by a signal.
    """
    module = tree.parsed(file)
    for node in ast.walk(module) if module else ():
        if not isinstance(node, ast.While):
            continue
        forever = isinstance(node.test, ast.Constant) and bool(node.test.value)
        if not certain and (
            forever or (isinstance(node.test, ast.UnaryOp) and dotted(node.test.operand).startswith("self."))
        ):
            return node.lineno
        inside = [one for part in node.body for one in ast.walk(part)]
        ends = any(isinstance(one, ast.Break | ast.Return) for one in inside)
        # `while not self.stopped` is an endless loop as well, if a signal sets the flag.
        flag = (
            isinstance(node.test, ast.UnaryOp)
            and isinstance(node.test.op, ast.Not)
            and dotted(node.test.operand).startswith("self.")
        )
        sleeps = any(called(one).rpartition(".")[2] in ("sleep", "wait") for one in inside)
        if sleeps and ((forever and not ends) or (flag and "signal." in tree.text(file))):
            return node.lineno
    return 0


def _conditional(tree: Tree, file: str, number: int) -> bool:
    """Return whether a line in an ini file of uWSGI is inside a condition."""
    before = [text.strip() for text in tree.text(file).splitlines()[: number - 1]]
    opened = [text for text in before if text.startswith(("if-", "endif", "end-if"))]
    return file.endswith(".ini") and bool(opened) and not opened[-1].startswith("end")
