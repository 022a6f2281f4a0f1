"""The report of ``django-k8s check``, as text for people and as JSON for programs."""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from django_k8s.adopt.check.finding import ORDER, PAGE, Finding

_WIDTH = 110


def sorted_(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings sorted by severity, the most severe first."""
    return sorted(findings, key=lambda one: (ORDER.index(one.severity), one.id, one.where))


def text(findings: Sequence[Finding], notes: Sequence[str]) -> str:
    """Return the findings as text: what, why and how to fix it for each, then the notes and a summary."""
    lines = []
    for one in findings:
        where = f"{one.where}: " if one.where else ""
        lines.append(f"{where}{one.severity}: {one.what} [{one.id}]")
        for sentence in (one.why, one.fix):
            lines += textwrap.wrap(sentence, _WIDTH, initial_indent="    ", subsequent_indent="    ")
        lines.append("")
    lines += [f"! {note}" for note in notes]
    lines += [""] if notes and findings else []
    return "\n".join([*lines, summary(findings)])


def summary(findings: Sequence[Finding]) -> str:
    """Return a sentence with the number of findings of each severity."""
    counts = Counter(one.severity for one in findings)
    if not counts:
        return "Nothing was found."
    parts = [f"{counts[one]} {one}{'' if counts[one] == 1 else 's'}" for one in ORDER if counts[one]]
    return f'{", ".join(parts)}. The page "{PAGE}" of the documentation explains each.'


def as_json(findings: Sequence[Finding], notes: Sequence[str]) -> str:
    """Return the findings as JSON."""
    rows = []
    for one in findings:
        file, _, line = one.where.rpartition(":")
        numbered = line.isdigit()
        rows.append(
            {
                **asdict(one),
                "file": file if numbered else one.where,
                "line": int(line) if numbered else None,
                "page": one.page,
            }
        )
    return json.dumps({"format": 1, "findings": rows, "notes": list(notes)}, indent=2, ensure_ascii=False)
