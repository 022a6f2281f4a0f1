"""How the front end is built: the Node version, its scripts, and the commands that must run before them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import dockerfiles
from django_k8s.adopt.rules.parts import BUILD_COMMANDS, NOT_BUILD
from django_k8s.adopt.tree import Tree

_SCRIPT = re.compile(r"\b(?:npm run|yarn(?: run)?|pnpm(?: run)?)\s+([\w:.-]+)")
_NOT_PRODUCTION = re.compile(r"dev|watch|serve|start|test|lint|check")
_MAJORS = (22, 24, 20, 26, 18)  # the first that the field engines allows is used
# Names of Node's long-term releases, which .nvmrc may have instead of a number.
_NAMES = {"hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24"}


def facts(tree: Tree, front_end: dict[str, Any] | None) -> tuple[Fact, Fact, Fact]:
    """Return the facts ``node_version``, ``frontend_scripts`` and ``frontend_before``."""
    if not front_end:
        nothing = "there is no front end"
        return (
            Fact("node_version", None, nothing),
            Fact("frontend_scripts", [], nothing),
            Fact("frontend_before", [], nothing),
        )
    return (
        _node(tree, front_end["dir"]),
        _scripts(tree, front_end["script"]),
        _before(tree, front_end["script"]),
    )


def _node(tree: Tree, folder: str) -> Fact:
    start = "" if folder == "." else f"{folder}/"
    for name in dict.fromkeys((f"{start}.nvmrc", f"{start}.node-version", ".nvmrc", ".node-version")):
        text = tree.text(name).strip().lower().removeprefix("lts/")
        if match := re.match(r"v?(\d+)", _NAMES.get(text, text)):
            return Fact("node_version", match[1], name)
    try:
        package = json.loads(tree.text(f"{start}package.json"))
        required = str(package.get("engines", {}).get("node", ""))
    except (ValueError, AttributeError):
        required = ""
    for major in _MAJORS if required else ():
        if any(_permits(one, major) for one in required.split("||")):
            return Fact("node_version", str(major), f"{start}package.json", "likely")
    return Fact("node_version", None, "nothing names one", "assumed")


def _permits(required: str, major: int) -> bool:
    """Return whether a range such as ``>=20 <23`` allows a release of a major version."""
    for sign, first in re.findall(
        r"(>=|<=|>|<|\^|~|=)?\s*v?(\d+)", re.sub(r"(\d+)(\.[\dx*]+)+", r"\1", required)
    ):
        limit = int(first)
        refused = {">=": major < limit, ">": major < limit, "<": major >= limit, "<=": major > limit}
        if refused.get(sign, major != limit):
            return False
    return True


def _scripts(tree: Tree, script: str) -> Fact:
    """Return all scripts that run in the same stage of the project's own Dockerfile as ``script``."""
    for name, stage in _stages(tree, script):
        found = [
            match[1]
            for _, text in stage.lines
            if not text.lstrip().startswith(("#", "CMD"))
            for match in _SCRIPT.finditer(text)
            if not _NOT_PRODUCTION.search(match[1]) and match[1] not in ("install", "add", "cache", "global")
        ]
        if len(set(found)) > 1:
            return Fact("frontend_scripts", list(dict.fromkeys(found)), name, "likely")
    return Fact("frontend_scripts", [script] if script else [], "there is one script")


def _before(tree: Tree, script: str) -> Fact:
    """Return the management commands whose output the build of the front end needs.

    These are the commands in the stages from which the stage that runs ``script`` copies files.
    """
    for name, stage in _stages(tree, script):
        every = {one.name.lower(): one for one in dockerfiles.stages(tree, name)}
        commands: dict[str, None] = {}
        for _, text in stage.lines:
            match = re.search(r"COPY\b.*--from=(\S+)", text)
            other = every.get(match[1].lower()) if match else None
            for _, line in other.lines if other else ():
                for found in BUILD_COMMANDS.finditer(line):
                    if found[1] not in NOT_BUILD and not line.lstrip().startswith("CMD"):
                        commands[f"python manage.py {found[1]}{found[2]}".strip()] = None
        if commands:
            return Fact("frontend_before", list(commands), name, "likely")
    return Fact("frontend_before", [], "it needs nothing of Python")


def _stages(tree: Tree, script: str) -> Iterator[tuple[str, dockerfiles.Stage]]:
    """Yield the stages that run a script, with the names of their Dockerfiles."""
    for name in dockerfiles.files(tree) if script else ():
        for stage in dockerfiles.stages(tree, name):
            if any(match[1] == script for _, text in stage.lines for match in _SCRIPT.finditer(text)):
                yield name, stage
