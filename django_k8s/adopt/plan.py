"""The plan of ``init``: a project's facts, the files to write, and the record of both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django_k8s.adopt import record
from django_k8s.adopt.examine import Options, examine
from django_k8s.adopt.facts import Facts
from django_k8s.adopt.render import name_of, render, settings
from django_k8s.adopt.tree import ignored

# Facts that are true on this machine only.
_NOT_RECORDED = frozenset({"git_root"})


@dataclass(frozen=True)
class Plan:
    """The facts, the text of each file by its path, and the record."""

    root: Path
    facts: Facts
    texts: Mapping[str, str]
    record: record.Record

    @property
    def files(self) -> dict[str, str]:
        """All files that are written, including the copies and the record."""
        return record.written(self.record, self.texts)


def plan(root: Path, answers: Mapping[str, Any], options: Options, *, version: str) -> Plan:
    """Return what ``init`` would write into the repository at ``root``."""

    def overlay(facts: Facts) -> tuple[str, str, str]:
        module = settings.module(facts)
        return module.name, module.path, settings.render(facts)

    facts = _despite_git(examine(root, answers, options, overlay))
    # The recorded name is kept, because a clone's directory may have another name.
    earlier = record.read(root)
    name = earlier.name if earlier and earlier.name else name_of(facts)
    texts = render(facts, name=name, version=version)
    values = {fact.name: fact.value for fact in facts.facts if fact.name not in _NOT_RECORDED}
    made = record.Record(version, name, tuple(sorted(texts)), dict(answers), values, loaded=facts.loaded)
    return Plan(root, facts, texts, made)


def _despite_git(facts: Facts) -> Facts:
    """Return ``facts``. If git ignores the settings module, allow it in the image and add a note.

    The result is the same before and after the file is committed, because it does not depend on what git tracks.
    """
    path = settings.module(facts).path
    if not ignored(Path(facts.text("git_root")), [path], tracked=True):
        return facts
    allowed = replace(facts["allow_files"], value=[*facts.list("allow_files"), path])
    note = f"A .gitignore of the project ignores {path}: commit it with `git add -f {path}`."
    return replace(
        facts,
        facts=tuple(allowed if fact.name == "allow_files" else fact for fact in facts.facts),
        notes=(*facts.notes, note),
    )
