"""What each kind of lock file needs: which other files, and how it is installed."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable
from typing import Any

from django_k8s.cli.image import requirements_files
from django_k8s.cli.image.context import Context, holds
from django_k8s.cli.image.plan import Plan, Refusal

# A dependency from a repository, in the notations of the lock files.
_GIT = re.compile(r"""\bgit\+|\btype = "git"|\{ ?git = |"git": |\bvcs\b""")

# The file that represents several requirements files.
_TOGETHER = "requirements.together.txt"


def kind(name: str) -> str:
    """Return the kind of a lock file, according to its name."""
    name = posixpath.basename(name)
    if name == "pylock.toml" or (name.startswith("pylock.") and name.endswith(".toml")):
        return "pylock"
    known = {
        "uv.lock": "uv",
        "poetry.lock": "poetry",
        "Pipfile.lock": "pipfile",
        "pyproject.toml": "pyproject",
    }
    return known.get(name, "requirements")


def plan(context: Context, lock: str, project: str, groups: list[str], extras: list[str]) -> Plan:
    """Copy what the lock file needs, and return how to install it. ``lock`` may name several requirements files.

    Raise Refusal if the lock file, or what belongs to it, is missing or cannot be read.
    """
    if not context.is_file(lock) and len(lock.split()) > 1:
        return _several(context, lock.split(), project, groups, extras)
    if not context.is_file(lock):
        raise Refusal(
            f"LOCK: {lock} is not a file of the build context. Name your uv.lock, poetry.lock, pylock.toml, "
            "Pipfile.lock or requirements file, relative to the context: --build-arg LOCK=PATH."
        )
    made = Plan(kind(lock), lock, groups, extras)
    try:
        _READERS[made.kind](context, made, project)
    except (tomllib.TOMLDecodeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Refusal(
            f"LOCK: {lock} cannot be read: {error}. Write it again with the tool that made it."
        ) from None
    return made


def _several(context: Context, names: list[str], project: str, groups: list[str], extras: list[str]) -> Plan:
    """Return one plan for several requirements files, which are installed together as pip installs them."""
    names = [posixpath.normpath(name).removeprefix("/") for name in names]
    if others := [name for name in names if kind(name) != "requirements"]:
        raise Refusal(
            f"LOCK: only requirements files can be installed together, and {others[0]} is not one. Name one file."
        )
    made = [plan(context, name, project, groups, extras) for name in names]
    first = next((one for one in made if one.own is not None), made[0])
    context.write(_TOGETHER, "".join(f"-r {name}\n" for name in names))
    first.lock, first.hashes = _TOGETHER, all(one.hashes for one in made)
    return first


def uses_git(context: Context, plan: Plan) -> bool:
    """Return whether something is installed from a git repository."""
    return any(_GIT.search(context.read(name)) for name in context.texts if context.is_file(name))


def _uv(context: Context, plan: Plan, project: str) -> None:
    top = posixpath.dirname(plan.lock)
    _pyproject(context, plan, top)
    lock = tomllib.loads(context.read(plan.lock))
    context.check_python(plan.lock, lock.get("requires-python", ""))
    local = {
        package["name"]: (how, _join(top, place))
        for package in lock.get("package", [])
        for how, place in package.get("source", {}).items()
        if how in ("editable", "virtual", "directory", "path")
    }
    own = _nearest(context, project, top)
    name = next((name for name, (_, place) in local.items() if place == own), "")
    if name and own != top:
        plan.member = name
    if name and local[name][0] != "virtual":
        plan.own = own
    needed = _closure(lock, name)
    for package, (how, place) in local.items():
        pyproject = posixpath.join(place, "pyproject.toml")
        if how == "path":
            context.copy(place)
        elif how != "virtual" and package != name and (package in needed or not name):
            context.copy_tree(place)
        elif context.is_file(pyproject):
            context.copy(pyproject)  # uv looks at each member of a workspace
    context.copy(posixpath.join(top, "uv.toml"), optional=True)


def _closure(lock: dict[str, Any], name: str) -> set[str]:
    """Return the direct and indirect dependencies of a package, in any group."""
    packages = {package["name"]: package for package in lock.get("package", [])}
    found: set[str] = set()
    waiting = [name]
    while waiting:
        package = packages.get(waiting.pop(), {})
        optional = [
            *package.get("optional-dependencies", {}).values(),
            *package.get("dev-dependencies", {}).values(),
        ]
        for need in [*package.get("dependencies", []), *(need for needs in optional for need in needs)]:
            if need["name"] not in found:
                found.add(need["name"])
                waiting.append(need["name"])
    return found


def _nearest(context: Context, project: str, top: str) -> str:
    """Return the directory of the nearest Python project, from the Django project upwards."""
    place = project
    while place != top and place:
        name = posixpath.join(place, "pyproject.toml")
        if context.is_file(name) and "project" in tomllib.loads(context.read(name)):
            return place
        place = posixpath.dirname(place)
    return top


def _poetry(context: Context, plan: Plan, project: str) -> None:
    top = posixpath.dirname(plan.lock)
    pyproject = _pyproject(context, plan, top)
    lock = tomllib.loads(context.read(plan.lock))
    context.check_python(plan.lock, lock.get("metadata", {}).get("python-versions", ""))
    context.copy(posixpath.join(top, "poetry.toml"), optional=True)
    for package in lock.get("package", []):
        source = package.get("source", {})
        if source.get("type") in ("directory", "file"):
            context.copy_any(_join(top, source["url"]))
    if pyproject.get("tool", {}).get("poetry", {}).get("package-mode", True):
        plan.own, plan.own_may_fail = top, True


def _pylock(context: Context, plan: Plan, project: str) -> None:
    top = posixpath.dirname(plan.lock)
    text = context.read(plan.lock)
    lock = tomllib.loads(text)
    context.check_python(plan.lock, lock.get("requires-python", ""))
    for package in lock.get("packages", []):
        if place := package.get("directory", {}).get("path"):
            place = _join(top, place)
            if holds(place, project):  # the project itself, which a later step installs
                plan.own = place
                text = _without(text, package["name"])
            else:
                context.copy_tree(place)
        if place := package.get("archive", {}).get("path"):
            context.copy(_join(top, place))
    context.write(plan.lock, text)


def _without(pylock: str, name: str) -> str:
    """Return a pylock.toml without a package."""
    head, *packages = re.split(r"^(?=\[\[packages\]\])", pylock, flags=re.MULTILINE)
    return head + "".join(text for text in packages if tomllib.loads(text)["packages"][0]["name"] != name)


def _pipfile(context: Context, plan: Plan, project: str) -> None:
    context.copy(plan.lock)
    top = posixpath.dirname(plan.lock)
    lock = json.loads(context.read(plan.lock))
    requires = lock.get("_meta", {}).get("requires", {})
    version = requires.get("python_full_version") or requires.get("python_version", "")
    context.check_python(
        plan.lock, f"=={version}.*" if version.count(".") == 1 else version and f"=={version}"
    )
    for section in ("default", *plan.groups):
        if section not in lock:
            raise Refusal(f"GROUPS: {plan.lock} has no section {section}; it has {_names(lock)}.")
        for package in lock[section].values():
            if (place := package.get("path") or package.get("file")) and "://" not in place:
                place = _join(top, place)
                if holds(place, project):
                    plan.own = place
                else:
                    context.copy_any(place)


def _only_pyproject(context: Context, plan: Plan, project: str) -> None:
    top = posixpath.dirname(plan.lock)
    content = _pyproject(context, plan, top)
    context.check_python(plan.lock, content.get("project", {}).get("requires-python", ""))
    if "project" not in content and not plan.groups:
        raise Refusal(
            f"LOCK: {plan.lock} has no table [project]. Name a lock file, --build-arg LOCK=PATH, "
            "or the groups to install, --build-arg GROUPS=NAME."
        )
    if "build-system" in content:
        plan.own, plan.own_may_fail = top, True


def _requirements(context: Context, plan: Plan, project: str) -> None:
    found = requirements_files.collect(context, plan.lock, project)
    plan.hashes, plan.own, plan.own_requires = found.hashes, found.own, found.own_requires
    plan.extras = [*plan.extras, *found.own_extras]
    if plan.groups:
        raise Refusal(
            f"GROUPS: {plan.lock} is a requirements file, which has no groups. Name another file in LOCK."
        )
    if plan.extras and plan.own is None:
        raise Refusal(
            f"EXTRAS: {plan.lock} does not install the project itself, so it cannot install extras of the project. "
            "Remove EXTRAS, or name another file in LOCK."
        )
    for name, text in found.files.items():
        context.write(name, text)
    if found.own_requires:
        context.copy(found.own_requires)


def _join(top: str, path: str) -> str:
    """Return a path in the context, "" for the context itself."""
    joined = posixpath.normpath(posixpath.join(top, path))
    return "" if joined == "." else joined


def _pyproject(context: Context, plan: Plan, top: str) -> dict[str, Any]:
    """Copy the lock file and the pyproject.toml beside it, and return the contents of the latter."""
    name = posixpath.join(top, "pyproject.toml")
    if not context.is_file(name):
        raise Refusal(f"LOCK: {plan.lock} needs {name}, which is not in the build context.")
    context.copy(plan.lock)
    context.copy(name)
    return tomllib.loads(context.read(name))


def _names(lock: dict[str, Any]) -> str:
    return ", ".join(name for name in lock if not name.startswith("_"))


_READERS: dict[str, Callable[[Context, Plan, str], None]] = {
    "uv": _uv,
    "poetry": _poetry,
    "pylock": _pylock,
    "pipfile": _pipfile,
    "pyproject": _only_pyproject,
    "requirements": _requirements,
}
