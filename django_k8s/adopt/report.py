"""The output of ``init``: the facts on one screen, one diff of the new files, and JSON."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django_k8s.adopt.facts import NAMES, Fact, Facts
from django_k8s.environment.assets import assets

_WIDE = 60
_SIGNS = {
    "loaded": "loaded",
    "read": "read",
    "likely": "likely",
    "assumed": "assumed",
    "answered": "your answer",
}


def screen(facts: Facts) -> str:
    """Return the facts as a table: name, value, source and confidence."""
    rows = [
        (title, shown(facts[name]), _SIGNS[facts[name].confidence], facts[name].source)
        for name, title in NAMES.items()
        if name in facts
    ]
    first = max(len(row[0]) for row in rows)
    second = min(_WIDE, max(len(row[1]) for row in rows))
    lines = []
    for title, value, confidence, source in rows:
        value = value if len(value) <= _WIDE else value[: _WIDE - 3] + "..."
        lines.append(f"{title:{first}}  {value:{second}}  {confidence:11}  {_short(source)}".rstrip())
    if facts.notes:
        lines += ["", *(f"! {note}" for note in facts.notes)]
    return "\n".join(lines)


def shown(fact: Fact) -> str:
    """Return the value of a fact as text for people."""
    value = fact.value
    if fact.name == "git_root":
        return str(value)
    if value is None or value in ([], "", {}):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if fact.name == "daemons":
        return ", ".join(" ".join(one["command"]) for one in value)
    if fact.name in ("debug_variable", "engine_variable"):
        return f"{value['name']}={value['value']}"
    if fact.name == "after_migrate":
        return ", ".join(" ".join(words) for words in value)
    if fact.name == "static_files":
        parts = [value["served_by"] or "served by django-k8s", str(value["storage"]).rpartition(".")[2]]
        return ", ".join(part for part in parts if part) + ("" if value["root"] else ", no STATIC_ROOT")
    if fact.name == "front_end":
        return (
            f"{value['dir']}: {value['manager']} {'run ' + value['script'] if value['script'] else 'install'}"
        )
    return ", ".join(str(one) for one in value) if isinstance(value, list) else str(value)


def diff(texts: Mapping[str, str]) -> str:
    """Return one diff of the new files.

    For a file that comes with this package, the diff shows only the lines that are specific to this project. The copies
    that `update` needs are not shown.
    """
    lines: list[str] = []
    for name, text in texts.items():
        ours = _ours(name)
        before = f"a/docker/{ours.name} of django-k8s" if ours else "/dev/null"
        lines += difflib.unified_diff(
            ours.read_text().splitlines() if ours else [],
            text.splitlines(),
            before,
            f"b/{name}",
            n=0,
            lineterm="",
        )
    return "\n".join(lines)


def _ours(name: str) -> Path | None:
    """Return the file of this package from which a new file is copied, if there is one."""
    folder, _, file = name.rpartition("/")
    path = assets() / "docker" / file
    return path if folder == "deploy" and file and path.is_file() else None


def as_json(facts: Facts, files: Mapping[str, str]) -> str:
    """Return the facts as JSON, with the questions, the variables and the names of the files."""
    found: dict[str, Any] = {
        "format": 1,
        "loaded": facts.loaded,
        "facts": {
            fact.name: {
                "value": fact.value,
                "source": fact.source,
                "confidence": fact.confidence,
                "choices": [asdict(choice) for choice in fact.choices],
            }
            for fact in facts.facts
        },
        "questions": [fact.name for fact in facts.questions],
        "variables": [asdict(one) for one in facts.variables],
        "notes": list(facts.notes),
        "files": sorted(files),
    }
    return json.dumps(found, indent=2, ensure_ascii=False)


def _short(source: str) -> str:
    return source if len(source) <= _WIDE else source[: _WIDE - 3] + "..."
