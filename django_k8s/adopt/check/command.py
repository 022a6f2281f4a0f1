"""``django-k8s check``: examine the project, apply the rules, and report."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from django_k8s.adopt import record
from django_k8s.adopt.check import report
from django_k8s.adopt.check.catalogue import KINDS, findings, ignored
from django_k8s.adopt.check.finding import Finding, found
from django_k8s.adopt.check.loaded import checked
from django_k8s.adopt.check.rules.deployment import UPDATE
from django_k8s.adopt.check.subject import Subject
from django_k8s.adopt.ending import ended, say
from django_k8s.adopt.examine import Options
from django_k8s.adopt.failure import CannotAdopt
from django_k8s.adopt.plan import Plan, plan
from django_k8s.adopt.rules.places import git_root
from django_k8s.adopt.tree import Tree
from django_k8s.adopt.update.changes import changes
from django_k8s.environment.exit_codes import EX_USAGE

_FOUND = 1


@dataclass(frozen=True)
class Request:
    """The options of the command line."""

    directory: Path = Path()
    answers: Mapping[str, object] = field(default_factory=dict)
    strict: bool = False
    json: bool = False
    load: bool = True
    python: str = ""
    ignore: Collection[str] = ()


def check(request: Request, *, version: str) -> int:
    """Check the project at ``request.directory``.

    Return 1 if there is an error, or a warning with ``strict``; otherwise 0.
    """
    return ended("check", lambda: _check(request, version), interrupted="interrupted.")


def _check(request: Request, version: str) -> int:
    _refuse_unknown(request.ignore)
    root = git_root(request.directory)
    earlier = record.read(root)
    options = Options(request.load, request.python, say)
    answers = {**(earlier.answers if earlier else {}), **request.answers}
    made = plan(root, answers, options, version=version)
    project = subject(root, made, earlier)
    all_ = list(findings(project))
    notes = list(made.facts.notes)
    if earlier and (finding := _update(root, made, earlier, version)):
        all_.append(finding)
    if request.load and made.facts.loaded:
        django = checked(project.tree, made.facts, project.deployment, options)
        all_ += [one for one in django.findings if not ignored(project, one)]
        if django.reason:
            notes.append(f"Django's own checks are incomplete: {django.reason}.")
    if not earlier:
        notes.append(f"There is no {record.FILE}, so this is what `django-k8s init` would find.")
    shown = report.sorted_([one for one in all_ if one.id not in request.ignore])
    print(report.as_json(shown, notes) if request.json else report.text(shown, notes))
    failing = ("error", "warning") if request.strict else ("error",)
    return _FOUND if any(one.severity in failing for one in shown) else 0


def subject(root: Path, made: Plan, earlier: record.Record | None) -> Subject:
    """Return what the rules look at. Before ``init``, the files are those that it would write."""
    texts = {}
    for name, text in made.texts.items():
        path = root / name
        if path.is_file():
            texts[name] = path.read_text(errors="replace")
        elif earlier is None or name.endswith(".py"):
            texts[name] = text
    return Subject(Tree(root, record.own(earlier)), made.facts, texts, earlier)


def _update(root: Path, made: Plan, earlier: record.Record, version: str) -> Finding | None:
    """Return a finding if `django-k8s update` has something to do."""
    if earlier.loaded and not made.facts.loaded:
        return None  # update would fail as well
    if earlier.version != version:
        return found(UPDATE, record.FILE, f"{earlier.version}, and this is {version}")
    try:
        waiting = [one.name for one in changes(root, earlier, made.texts, version=version) if one.waits]
    except CannotAdopt:  # a conflict, which has its own finding
        return None
    if not waiting:
        return None
    return found(
        UPDATE, record.FILE, f"{version}, and the project has changed: {', '.join(waiting[:3])} would differ"
    )


def _refuse_unknown(ids: Collection[str]) -> None:
    known = {kind.id for kinds in KINDS.values() for kind in kinds}
    for one in ids:
        if one not in known and "." not in one:
            raise CannotAdopt(
                f"There is no kind of finding called {one}. Choose from {', '.join(sorted(known))}.", EX_USAGE
            )
