"""deploy/django-k8s.toml and deploy/.django-k8s/ record the written files, their facts and our version."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django_k8s.adopt.failure import CannotAdopt
from django_k8s.environment.exit_codes import EX_CONFIG

FILE = "deploy/django-k8s.toml"
BASE = "deploy/.django-k8s"
FORMAT = 1
_SUFFIX = ".txt"  # so that no linter, test runner or import mistakes a copy for the original


@dataclass(frozen=True)
class Record:
    """What ``init`` wrote. ``answers`` are the user's; ``facts`` are what the files were made from."""

    version: str
    name: str
    files: tuple[str, ...]
    answers: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(
        default_factory=dict
    )  # their table `daemons` is what `django-k8s run` starts
    loaded: bool = False  # whether the project's interpreter has loaded the settings for these facts
    format: int = FORMAT


def read(root: Path) -> Record | None:
    """Return the record in the repository, or None if there is none. Raise CannotAdopt if it cannot be read."""
    path = root / FILE
    if not path.exists():
        return None
    try:
        found = tomllib.loads(path.read_text())
    except (tomllib.TOMLDecodeError, OSError, UnicodeDecodeError) as error:
        raise CannotAdopt(f"{FILE} cannot be read: {error}. Restore it from git.", EX_CONFIG) from None
    if found.get("format") != FORMAT:
        raise CannotAdopt(
            f"{FILE} has the format {found.get('format')}, but this version of django-k8s reads only the format {FORMAT}."
            f" Use django-k8s {found.get('version')}.",
            EX_CONFIG,
        )
    return Record(
        str(found.get("version", "")),
        str(found.get("name", "")),
        tuple(str(one) for one in found.get("files", ())),
        found.get("answers", {}),
        found.get("facts", {}),
        loaded=found.get("loaded") is True,
    )


def base_path(name: str) -> str:
    """Return the path of the copy of a file as it was written, relative to the git root."""
    return f"{BASE}/{name}{_SUFFIX}"


def base(root: Path, name: str) -> str | None:
    """Return the text of a file as it was written, or None if there is no copy."""
    try:
        return (root / base_path(name)).read_text()
    except OSError:
        return None


def written(record: Record, texts: Mapping[str, str]) -> dict[str, str]:
    """Return the text of every file to write, by path: ``texts``, their copies, and the record."""
    return {**texts, **{base_path(name): text for name, text in texts.items()}, FILE: dump(record)}


def own(record: Record | None) -> frozenset[str]:
    """Return the paths that ``init`` has written, relative to the git root."""
    if record is None:
        return frozenset()
    return frozenset({*record.files, *map(base_path, record.files), FILE})


def dump(record: Record) -> str:
    """Return the text of the record."""
    lines = [
        "# Written by django-k8s init; `django-k8s update` reads it. Commit it, with .django-k8s beside it.",
        f"format = {record.format}",
        f"version = {_value(record.version)}",
        f"name = {_value(record.name)}",
        f"loaded = {_value(record.loaded)}",
        f"files = {_value(list(record.files))}",
    ]
    daemons = {one["name"]: one["command"] for one in record.facts.get("daemons") or ()}
    for title, table in (("daemons", daemons), ("answers", record.answers), ("facts", record.facts)):
        if title == "daemons" and not table:
            continue
        lines += ["", f"[{title}]", *_table(table)]
    return "\n".join([*lines, ""])


def _table(table: Mapping[str, Any]) -> Iterable[str]:
    return (f"{_key(name)} = {_value(value)}" for name, value in table.items() if value is not None)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[\w-]+", name) else json.dumps(name)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(_table(value)) + " }" if value else "{}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    # Strings, numbers and booleans are written in TOML as in JSON.
    return json.dumps(value)
