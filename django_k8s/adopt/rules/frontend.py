"""The front end: its directory, its scripts, its Node version, and the commands that must run before its build."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.rules import dockerfiles
from django_k8s.adopt.rules.build_commands import BUILD_COMMANDS, NOT_BUILD
from django_k8s.adopt.rules.locks import upwards
from django_k8s.adopt.tree import Tree

_MANAGERS = {"package-lock.json": "npm", "pnpm-lock.yaml": "pnpm", "yarn.lock": "yarn"}
_SCRIPTS = ("build", "build:prod", "build:production", "production", "prod")
_SCRIPT = re.compile(r"\b(?:npm run|yarn(?: run)?|pnpm(?: run)?)\s+([\w:.-]+)")
_NOT_PRODUCTION = re.compile(r"dev|watch|serve|start|test|lint|check")
_MAJORS = (22, 24, 20, 26, 18)  # the first that the field engines allows is used
# Names of Node's long-term releases, which .nvmrc may have instead of a number.
_NAMES = {"hydrogen": "18", "iron": "20", "jod": "22", "krypton": "24"}


def front_end(tree: Tree, project: str) -> Fact:
    """Return the directory, package manager and script of the front end that the pages need, or None."""
    found = []
    for file in tree.files:
        path = PurePosixPath(file)
        if path.name != "package.json" or tree.aside(file) or len(path.parts) > 4:
            continue
        read = _json(tree.text(file))
        scripts = read.get("scripts", {})
        script = next((name for name in _SCRIPTS if name in scripts), "")
        folder = path.parent.as_posix()
        if not any(str(path.with_name(lock)) in tree for lock in _MANAGERS):
            continue  # without a lock file, it is unknown what would be installed
        evidence = _built_in_dockerfile(tree, folder, scripts)
        beside = folder in (project, *(start.rstrip("/") or "." for start in upwards(project)))
        inside = (
            project != "."
            and folder.startswith(f"{project}/")
            and len(path.parts) <= len(PurePosixPath(project).parts) + 2
        )
        if evidence:
            found.append((0, folder, evidence[0] or script, evidence[1], read))
        elif (
            script
            and (beside or inside or (project == "." and len(path.parts) == 2))
            and not _workspace(tree, folder, read)
        ):
            found.append((1 if beside else 2, folder, script, f"{file}:1", read))
    if not found:
        return Fact("front_end", None, "no package.json builds anything for these pages", "likely")
    _, folder, script, source, _ = min(found, key=lambda one: (one[0], not one[2], len(one[1]), one[1]))
    start = "" if folder == "." else f"{folder}/"
    manager = next(manager for lock, manager in _MANAGERS.items() if start + lock in tree)
    value = {"dir": folder, "manager": manager, "script": script}
    return Fact("front_end", value, source, "likely")


def _built_in_dockerfile(tree: Tree, folder: str, scripts: dict[str, Any]) -> tuple[str, str] | None:
    """Return the script with which a Dockerfile that uses Python builds a front end, and the place.

    The script is empty if the Dockerfile copies the package.json of this directory but builds in another way.
    """
    for file in dockerfiles.files(tree):
        text = tree.text(file)
        if not (folder == "." or re.search(rf"\b{re.escape(folder)}\b", text)):
            continue
        for number, one in enumerate(text.splitlines(), 1):
            match = _SCRIPT.search(one)
            if (
                match
                and match[1] in scripts
                and not one.lstrip().startswith(("#", "CMD"))
                and not re.search("dev|watch|serve|start|test|lint", match[1])
            ):
                return match[1], f"{file}:{number}"
        for number, one in enumerate(text.splitlines(), 1):
            taken = "package.json" if folder == "." else f"{folder}/package.json"
            if not scripts and re.search(rf"^COPY .*(?<![\w/]){re.escape(taken)}", one):
                return "", f"{file}:{number}"
    return None


def _workspace(tree: Tree, folder: str, read: dict[str, Any]) -> bool:
    """Return whether a package is the root of a workspace. The packages in it are usually separate sites."""
    return (
        "workspaces" in read
        or ("pnpm-workspace.yaml" if folder == "." else f"{folder}/pnpm-workspace.yaml") in tree
    )


def _json(text: str) -> dict[str, Any]:
    try:
        read = json.loads(text)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}


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
    engines = _json(tree.text(f"{start}package.json")).get("engines")
    required = str(engines.get("node", "")) if isinstance(engines, dict) else ""
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
