"""Examine a project: read the facts from its files, and confirm them with its loaded settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django_k8s.adopt import record
from django_k8s.adopt.detect import read
from django_k8s.adopt.facts import Facts
from django_k8s.adopt.loading import interpreter
from django_k8s.adopt.loading.confirm import merged
from django_k8s.adopt.loading.copies import copied, libraries
from django_k8s.adopt.loading.rounds import Loaded, Place, load
from django_k8s.adopt.rules.debug import candidates
from django_k8s.adopt.rules.places import git_root
from django_k8s.adopt.rules.settings_module import folders
from django_k8s.adopt.tree import Tree

# The variables that the chart sets in every pod of a staging environment.
_STORES = {
    "DATABASE_URL": "postgres://dummy:dummy@localhost:5432/dummy",
    "DATABASE_HOST": "localhost",
    "DATABASE_PORT": "5432",
    "DATABASE_NAME": "dummy",
    "DATABASE_USER": "dummy",
    "DATABASE_PASSWORD": "dummy",
    "REDIS_URL": "redis://localhost:6379/0",
}


@dataclass(frozen=True)
class Options:
    """How the project is examined."""

    load: bool = True
    python: str = ""
    say: Callable[[str], None] = lambda _: None


def examine(
    root: Path, answers: Mapping[str, Any], options: Options, render: Callable[[Facts], tuple[str, str, str]]
) -> Facts:
    """Return the facts of the project at ``root``.

    ``render`` gives the module, the path and the text of the settings for Kubernetes: these are loaded as well, and
    a failure becomes a note. Raise CannotAdopt if the project cannot be served.
    """
    top = git_root(root)
    tree = Tree(top, record.own(record.read(top)))
    facts = read(tree, answers)
    if not options.load:
        return _note(facts, "The settings were not loaded (--no-load). The facts come from the files alone.")
    project = facts.text("project_dir")
    found = interpreter.present(tree.root, project, options.python)
    with copied(tree) as (copy, scratch):
        if not found.path and not options.python:
            found = interpreter.made(tree, copy, facts, options.say)
        if not found.path:
            return _note(
                facts, f"The settings were not loaded: {found.reason}. The facts come from the files alone."
            )
        chosen = facts.value("engine_variable")
        given = {chosen["name"]: chosen["value"]} if chosen else {}
        place = Place(found.path, copy, folders(project), scratch=scratch, fields=facts.fields, given=given)
        loaded, off = _load_without_debug(place, facts)
        if given and not (loaded.ok and "postg" in loaded.answer["settings"]["DATABASES"].get("default", "")):
            # It chooses something else.
            facts, place = facts.without("engine_variable"), replace(place, given={})
            loaded, off = _load_without_debug(place, facts)
        if not loaded.ok:
            return _note(facts, f"The settings were not loaded: {loaded.failure}.")
        facts = merged(facts, loaded, off)
        return _confirm(place, facts, loaded, render(facts))


def _load_without_debug(place: Place, facts: Facts) -> tuple[Loaded, dict[str, str]]:
    """Load the settings with debug mode off; the second value is the variable that switches it off, if one does."""
    module, debug = facts.text("settings_module"), facts.value("debug_variable")
    plain: Loaded | None = None
    for value in candidates(debug["value"]) if debug else ():
        off = {debug["name"]: value}
        loaded = _load(place, module, off)
        if loaded.ok and not loaded.answer["settings"]["DEBUG"]:
            return loaded, off
        plain = plain or _load(place, module, {})
        if not plain.ok:
            break  # this is not about debug mode
    return plain or _load(place, module, {}), {}


def _load(place: Place, module: str, off: dict[str, str]) -> Loaded:
    """Load the settings as in the image's build, and again as in a pod, where the stores are configured."""
    build = load(place, module, off)
    if not build.ok:
        return build
    build.required = set(build.dummies)
    stores = {name: value for name, value in _STORES.items() if name in build.reads} | off
    pod = load(place, module, stores, setup=True)
    if not pod.ok or any(build.dummies.get(name, value) != value for name, value in pod.dummies.items()):
        # The pod gets the dummies of the build as well.
        pod = load(place, module, {**stores, **build.dummies}, setup=True)
        if not pod.ok:
            return build
        pod.required = build.required | set(pod.dummies)
    else:
        pod.required = set(pod.dummies) | (build.required & _STORES.keys())
    pod.dummies = {**pod.dummies, **build.dummies}
    pod.places = {**pod.places, **build.places}
    pod.reads |= build.reads
    return pod


def _confirm(place: Place, facts: Facts, loaded: Loaded, rendered: tuple[str, str, str]) -> Facts:
    """Load the settings for Kubernetes as the image's build does. A failure becomes a note."""
    module, path, text = rendered
    file = place.root / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    ours = replace(place, after=(libraries(place.scratch),))
    debug = facts.value("debug_variable")
    off = {debug["name"]: debug["value"]} if debug else {}
    written = load(
        ours, module, {**loaded.dummies, **off, "BUILD_PHASE": "1", "STATIC_ROOT": str(place.scratch)}
    )
    if written.ok:
        return facts
    return _note(facts, f"The settings for Kubernetes could not be confirmed: {written.failure}.")


def _note(facts: Facts, text: str) -> Facts:
    return replace(facts, notes=(*facts.notes, text))
