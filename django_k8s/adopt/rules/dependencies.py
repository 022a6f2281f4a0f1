"""The packages that production installs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django_k8s.adopt.rules import locks, requirements
from django_k8s.adopt.tree import Tree


def installed(
    tree: Tree, project: str, locked: str, groups: list[str], extras: list[str], more: Iterable[str] = ()
) -> dict[str, str]:
    """Return the packages that production installs: normalized name and version, which may be empty.

    ``more`` are additional requirements files.
    """
    kind = locks.kind(locked) if locked else ""
    file = locks.project_file(tree, project, locked)
    if kind == "uv":
        found = _uv(locks.toml(tree, locked), locks.toml(tree, file), groups, extras)
    elif kind == "poetry":
        found = _poetry(locks.toml(tree, locked), groups)
    elif kind == "pylock":
        found = {
            requirements.normal(one["name"]): str(one.get("version", ""))
            for one in locks.toml(tree, locked)["packages"]
        }
    elif kind == "pipenv":
        found = _pipenv(tree.text(locked))
    elif kind == "requirements":
        found = {
            key: value for name in (locked, *more) for key, value in requirements.packages(tree, name).items()
        }
    else:
        found = {}
    if not found:
        found = declared(locks.toml(tree, file), groups, extras)
    return found


def declared(read: dict[str, Any], groups: list[str], extras: list[str]) -> dict[str, str]:
    """Return the packages that a pyproject.toml declares, with their exact versions if it has them."""
    project = read.get("project", {})
    texts = list(project.get("dependencies", []))
    for extra in extras:
        texts += project.get("optional-dependencies", {}).get(extra, [])
    for group in groups:
        texts += [one for one in read.get("dependency-groups", {}).get(group, []) if isinstance(one, str)]
    found = {}
    for text in texts:
        found.update(requirements.requirement(text))
    for name, value in read.get("tool", {}).get("poetry", {}).get("dependencies", {}).items():
        if name != "python":
            said = value if isinstance(value, dict) else {"version": value}
            version, with_extras = str(said.get("version", "")), ",".join(said.get("extras", ()))
            found.update(
                requirements.requirement(f"{name}[{with_extras}]{version if version.startswith('=') else ''}")
            )
    return found


def _uv(
    lock: dict[str, Any], project: dict[str, Any], groups: list[str], extras: list[str]
) -> dict[str, str]:
    packages: dict[str, dict[str, Any]] = {}
    for package in lock.get("package", []):
        packages.setdefault(requirements.normal(package["name"]), package)
    root = requirements.normal(str(project.get("project", {}).get("name", "")))
    start = packages.get(root)
    if start is None:
        return {name: str(package.get("version", "")) for name, package in packages.items()}
    wanted = list(start.get("dependencies", []))
    for extra in extras:
        wanted += start.get("optional-dependencies", {}).get(extra, [])
    for group in groups:
        wanted += start.get("dev-dependencies", {}).get(group, [])
    found: dict[str, str] = {}
    seen: set[tuple[str, tuple[str, ...]]] = set()
    while wanted:
        one = wanted.pop()
        name, with_extras = requirements.normal(one["name"]), tuple(one.get("extra", ()))
        package = packages.get(name)
        if package is None or (name, with_extras) in seen:
            continue
        seen.add((name, with_extras))
        found[name] = str(package.get("version", ""))
        wanted += package.get("dependencies", [])
        for extra in with_extras:
            wanted += package.get("optional-dependencies", {}).get(extra, [])
    return found


def _poetry(lock: dict[str, Any], groups: list[str]) -> dict[str, str]:
    found = {}
    for package in lock.get("package", []):
        of = package.get("groups", [package.get("category", "main")])
        if {"main", *groups} & set(of):
            found[requirements.normal(package["name"])] = str(package.get("version", ""))
    return found


def _pipenv(text: str) -> dict[str, str]:
    try:
        default = json.loads(text).get("default", {})
    except (ValueError, AttributeError):
        return {}
    return {
        requirements.normal(name): str(one.get("version", "")).lstrip("=") for name, one in default.items()
    }
