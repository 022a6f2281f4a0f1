"""All rules, and all kinds of findings."""

from __future__ import annotations

from collections.abc import Iterator

from django_k8s.adopt.check import loaded
from django_k8s.adopt.check.finding import Finding, Kind
from django_k8s.adopt.check.rules import code, deployment, packages, programs, settings, stores
from django_k8s.adopt.check.subject import Rule, Subject

_GROUPS = {
    "The deployment": deployment.RULES,
    "Packages": packages.RULES,
    "Settings": settings.RULES,
    "Stores": stores.RULES,
    "Code": code.RULES,
    "Programs": programs.RULES,
}
RULES: tuple[Rule, ...] = tuple(rule for group in _GROUPS.values() for rule, _ in group)
# The kinds by the title of their group. No rule yields those of the loaded project, nor UPDATE.
KINDS: dict[str, tuple[Kind, ...]] = {
    **{title: tuple(kind for _, kinds in group for kind in kinds) for title, group in _GROUPS.items()},
    "The loaded project": loaded.KINDS,
}
KINDS["The deployment"] = (*KINDS["The deployment"], deployment.UPDATE)


def findings(subject: Subject) -> Iterator[Finding]:
    """Yield the findings of all rules, except those that a comment in their line ignores."""
    for rule in RULES:
        for one in rule(subject):
            if not ignored(subject, one):
                yield one


def ignored(subject: Subject, one: Finding) -> bool:
    """Return whether the line of a finding contains ``django-k8s: ignore[ID]``."""
    name, _, number = one.where.rpartition(":")
    if not number.isdigit():
        return False
    text = subject.tree.text(name) or subject.deployment.get(name, "")
    lines = text.splitlines()
    place = int(number) - 1
    return place < len(lines) and f"django-k8s: ignore[{one.id}]" in lines[place]
