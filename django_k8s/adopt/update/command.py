"""``django-k8s update``: examine the project again, merge, and say what happened."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django_k8s.adopt import record, report
from django_k8s.adopt.command import refuse_dirty
from django_k8s.adopt.ending import ended, say
from django_k8s.adopt.examine import Options
from django_k8s.adopt.facts import NAMES, Fact, Facts
from django_k8s.adopt.failure import CannotAdopt
from django_k8s.adopt.plan import Plan, plan
from django_k8s.adopt.rules.places import git_root
from django_k8s.adopt.update.changes import Change, changes
from django_k8s.adopt.write import exchange
from django_k8s.environment.exit_codes import EX_CANTCREAT, EX_CONFIG

_CONFLICTS = 1
_WAITS = 2

_SAID = {
    "updated": "updated",
    "merged": "merged with your changes",
    "added": "added",
    "removed": "removed: this version does not need it",
    "deleted": "you deleted it, so it stays deleted",
    "kept": "kept, because you edited it: this version no longer writes it",
    "taken": "left alone: it was not written by django-k8s",
}


@dataclass(frozen=True)
class Request:
    """The options of the command line."""

    directory: Path = Path()
    check: bool = False
    json: bool = False
    load: bool = True
    python: str = ""
    allow_dirty: bool = False


@dataclass(frozen=True)
class Outcome:
    """What an update does: its files, the facts that changed, and everything that is written and removed."""

    earlier: record.Record
    later: record.Record
    changes: Sequence[Change]
    facts: Facts

    @property
    def waits(self) -> bool:
        """Whether there is something to update."""
        return self.earlier.version != self.later.version or any(one.waits for one in self.changes)

    @property
    def conflicts(self) -> list[Change]:
        """The files in which conflicts are marked."""
        return [one for one in self.changes if one.kind == "conflict"]

    def changed_facts(self) -> Iterator[tuple[Fact, Any]]:
        """The facts that are not as they were recorded, each with its earlier value."""
        for fact in self.facts.facts:
            was = self.earlier.facts.get(fact.name)
            if fact.name in self.later.facts and _plain(was) != _plain(fact.value):
                yield fact, was


def update(request: Request, *, version: str) -> int:
    """Merge what this version writes into the project at ``request.directory``. Return the exit status."""
    return ended("update", lambda: _update(request, version), interrupted="interrupted: nothing was written.")


def prepare(root: Path, options: Options, *, version: str) -> tuple[Outcome, dict[str, bytes], list[str]]:
    """Return what an update would do, the contents of the files that it writes, and the names of those that it removes.

    Nothing is written. Raise CannotAdopt if init has written nothing here, or if the project can no longer be served.
    """
    earlier = record.read(root)
    if earlier is None:
        raise CannotAdopt(f"There is no {record.FILE}. Run `django-k8s init` first.")
    if _parts(earlier.version) > _parts(version):
        raise CannotAdopt(
            f"The files were written by django-k8s {earlier.version}, and this version, {version}, is older. Use "
            f"{earlier.version} or newer.",
            EX_CONFIG,
        )
    made = _planned(root, earlier, options, version)
    texts = made.texts
    found = changes(root, earlier, texts, version=version)
    foreign = {one.name for one in found if one.kind == "taken"} - set(earlier.files)
    ours = {name: text for name, text in texts.items() if name not in foreign}
    later = replace(made.record, files=tuple(sorted(ours)), answers=dict(earlier.answers))
    return Outcome(earlier, later, found, made.facts), *_files(root, earlier, later, ours, found)


def _update(request: Request, version: str) -> int:
    root = git_root(request.directory)
    if not request.check:
        if not os.access(root, os.W_OK):
            raise CannotAdopt(
                f"{root} is not writable, so nothing was written. Change its permissions, and run this again.",
                EX_CANTCREAT,
            )
        if not request.allow_dirty:
            refuse_dirty(root)
    outcome, written, removed = prepare(root, Options(request.load, request.python, say), version=version)
    if not request.check:
        exchange(root, written, removed)
    if request.json:
        print(as_json(outcome))
    else:
        print("\n".join(lines(outcome, check=request.check)))
    if request.check:
        return _WAITS if outcome.waits else 0
    return _CONFLICTS if outcome.conflicts else 0


def _planned(root: Path, earlier: record.Record, options: Options, version: str) -> Plan:
    """Return the plan for the project as it is now, with the recorded answers. If the rules disagree, keep the earlier choice."""
    made = plan(root, earlier.answers, options, version=version)
    if earlier.loaded and options.load and not made.facts.loaded:
        raise CannotAdopt(
            "When these files were written, the settings were loaded, so the update has to load them too. "
            f"{made.facts.notes[-1]} Install the project's packages, or name the Python that has them with --python. "
            "To update without loading the settings, add --no-load.",
            EX_CONFIG,
        )
    taken = {
        fact.name: earlier.facts[fact.name]
        for fact in made.facts.questions
        if earlier.facts.get(fact.name) != fact.value
        and earlier.facts.get(fact.name) in [choice.value for choice in fact.choices]
    }
    return plan(root, {**taken, **earlier.answers}, options, version=version) if taken else made


def _files(
    root: Path,
    earlier: record.Record,
    later: record.Record,
    texts: Mapping[str, str],
    found: Sequence[Change],
) -> tuple[dict[str, bytes], list[str]]:
    written = {one.name: one.content for one in found if one.content is not None}
    for name, text in record.written(later, texts).items():
        if name not in texts:  # the copies and the record
            written[name] = text.encode()
    removed = [one.name for one in found if one.kind == "removed"]
    removed += [record.base_path(name) for name in earlier.files if name not in texts]
    return written, [name for name in removed if os.path.lexists(root / name)]


def lines(outcome: Outcome, *, check: bool) -> Iterator[str]:
    """Return the outcome as lines of text."""
    if not outcome.waits:
        yield f"Nothing to do: the files are those of django-k8s {outcome.later.version}."
    for one in outcome.changes:
        if outcome.waits or one.waits:
            yield f"{one.name}: {_said(one, check)}"
    if facts := list(outcome.changed_facts()):
        yield "The project has changed:"
        for fact, was in facts:
            title = NAMES.get(fact.name, fact.name)
            before = report.shown(Fact(fact.name, was))
            yield f"  {title}: {before} -> {report.shown(fact)}  ({fact.source})"
    yield from (f"! {note}" for note in outcome.facts.notes)
    if not outcome.waits:
        return
    versions = dict.fromkeys((outcome.earlier.version, outcome.later.version))
    if check:
        told = "run `django-k8s update`"
    elif outcome.conflicts:
        told = "resolve the conflicts, test, and commit"
    else:
        told = "read `git diff`, test, and commit"
    yield f"django-k8s {' -> '.join(versions)}: {told}."


def as_json(outcome: Outcome) -> str:
    """Return the outcome as JSON."""
    return json.dumps(
        {
            "format": 1,
            "from": outcome.earlier.version,
            "to": outcome.later.version,
            "waits": outcome.waits,
            "files": [
                {"name": one.name, "change": one.kind, "conflicts": one.conflicts} for one in outcome.changes
            ],
            "facts": {
                fact.name: {"was": was, "is": fact.value, "source": fact.source}
                for fact, was in outcome.changed_facts()
            },
            "notes": list(outcome.facts.notes),
        },
        indent=2,
        ensure_ascii=False,
    )


def _said(one: Change, check: bool) -> str:
    if one.kind != "conflict":
        return _SAID[one.kind]
    count = "1 conflict" if one.conflicts == 1 else f"{one.conflicts} conflicts"
    return count if check else f"{count}, marked with <<<<<<< yours"


def _plain(value: Any) -> Any:
    """Return a value as the record stores it: without None."""
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items() if one is not None}
    return [_plain(one) for one in value] if isinstance(value, list | tuple) else value


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.partition("+")[0])[:3])
