"""The front end: which package manager installs it, from which files, and how its script is run."""

from __future__ import annotations

import json
import posixpath
import re
from dataclasses import dataclass
from typing import Any

from django_k8s.cli.image.context import Context
from django_k8s.cli.image.plan import Refusal

# The image of Node has npm, which installs the others, in the version of package.json or in these.
_PNPM, _YARN, _OLD_YARN = "10", "4", "1.22.22"
# Other files that package managers read, besides package.json and the lock file.
_FILES = (".npmrc", ".yarnrc", ".yarnrc.yml", "pnpm-workspace.yaml", ".pnpmfile.cjs")
_DIRECTORIES = (".yarn/releases", ".yarn/plugins", ".yarn/patches", "patches")
# Scripts that run during the installation, and may read any file of the project.
_HOOKS = ("preinstall", "install", "postinstall", "prepare")
_RUN_NOTHING = ("husky", "husky install", "husky || true")


@dataclass(frozen=True)
class _Manager:
    """A package manager: how to call it, and how to install from its lock file."""

    command: str
    install: str


@dataclass(frozen=True)
class Scripts:
    """The text of the shell script that installs the packages, and of the one that builds."""

    install: str
    build: str


def front_end(context: Context, directory: str, script: str) -> Scripts:
    """Copy the files from which packages are installed. Return the script that installs, and the one that builds.

    ``script`` is a script of package.json, or a shell command, which contains a space and finds the packages' programs.
    Raise Refusal if there is no lock file, or no such script.
    """
    top = context.directory("FRONTEND_DIR", directory)
    name = posixpath.join(top, "package.json")
    if not context.is_file(name):
        raise Refusal(f"FRONTEND_DIR: {directory} has no package.json. Name the directory that has it.")
    try:
        package = json.loads(context.read(name))
    except json.JSONDecodeError as error:
        raise Refusal(f"FRONTEND_DIR: {name} cannot be read: {error}. Correct the file.") from None
    scripts = package.get("scripts", {})
    is_command = " " in script and script not in scripts
    if script and script not in scripts and not is_command:
        there = f"it has {', '.join(scripts)}" if scripts else "it has none"
        raise Refusal(
            f"FRONTEND_BUILD: {name} has no script {script}; {there}. "
            "Name one with --build-arg FRONTEND_BUILD=NAME, write a shell command there, or none with FRONTEND_BUILD=''."
        )
    manager = _manager(context, top, package)
    _copy(context, top, package)
    build = f"{manager.command} run {script}\n" if script else ""
    if is_command:  # programs are where Node looks for packages: here and in each directory above
        build = f'PATH="$PWD/node_modules/.bin:/app/node_modules/.bin:/node_modules/.bin:$PATH"\n{script}\n'
    return Scripts(f"set -e\ncd './{top}'\n{manager.install}\n", f"set -e\ncd './{top}'\n{build}")


def _manager(context: Context, top: str, package: dict[str, Any]) -> _Manager:
    named, _, version = str(package.get("packageManager", "")).partition("@")
    version = version.partition("+")[0]
    if context.is_file(posixpath.join(top, "pnpm-lock.yaml")):
        wanted = (
            version
            if named == "pnpm" and version
            else _pnpm(context.read(posixpath.join(top, "pnpm-lock.yaml")))
        )
        command = f"npm exec --yes --package=pnpm@{wanted} -- pnpm"
        return _Manager(command, f"{command} install --frozen-lockfile")
    if context.is_file(lock := posixpath.join(top, "yarn.lock")):
        if "__metadata:" not in context.read(lock):
            version = version if named == "yarn" and version.startswith("1.") else _OLD_YARN
            command = f"npm exec --yes --package=yarn@{version} -- yarn"
            return _Manager(command, f"{command} install --frozen-lockfile --non-interactive")
        version = version if named == "yarn" and not version.startswith("1.") and version else _YARN
        command = f"npm exec --yes --package=@yarnpkg/cli-dist@{version} -- yarn"
        return _Manager(command, f"{command} install --immutable")
    if context.is_file(posixpath.join(top, "package-lock.json")) or context.is_file(
        posixpath.join(top, "npm-shrinkwrap.json")
    ):
        return _Manager("npm", "npm ci --no-audit --no-fund")
    raise Refusal(
        f"FRONTEND_DIR: {top or '.'} has a package.json without package-lock.json, pnpm-lock.yaml or yarn.lock. "
        "Run `npm install` there and commit its lock file."
    )


def _pnpm(lock: str) -> str:
    """Return a version of pnpm that reads a lock file of this format."""
    found = re.search(r"^lockfileVersion: '?(\d+)", lock, re.MULTILINE)
    return {"5": "7", "6": "8"}.get(found[1] if found else "", _PNPM)


def _copy(context: Context, top: str, package: dict[str, Any]) -> None:
    hooks = [text for hook in _HOOKS if (text := package.get("scripts", {}).get(hook))]
    if any(hook not in _RUN_NOTHING for hook in hooks):
        context.copy_tree(top)
        return
    workspace = "workspaces" in package or context.is_file(posixpath.join(top, "pnpm-workspace.yaml"))
    for path in context.files(top) if workspace else ():
        if posixpath.basename(path) == "package.json":
            context.copy(path)
    names = (
        "package.json",
        "package-lock.json",
        "npm-shrinkwrap.json",
        "pnpm-lock.yaml",
        "yarn.lock",
        *_FILES,
    )
    for name in names:
        context.copy(posixpath.join(top, name), optional=True)
    for name in _DIRECTORIES:
        if context.is_directory(path := posixpath.join(top, name)):
            context.copy_tree(path)
