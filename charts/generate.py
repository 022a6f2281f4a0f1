"""Writes values.schema.json and README.md of the chart from the comments of values.yaml.

The grammar, over each key: ``# (TYPE) text``. TYPE is boolean, integer, string, list or map, several of them with ``|``
(and ``null``), ``string: A|B`` for a choice, ``map of X`` for entries with the keys of the section X, or ``as X`` for those keys. A key
without a type is a section. ``python charts/generate.py --check`` fails when a file is not what it would write.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

import yaml

CHART = Path(__file__).resolve().parent / "django"
_KEY = re.compile(r"^( *)([A-Za-z][\w-]*):")
_COMMENT = re.compile(r"^ *# (?:\(([^)]+)\) )?(.*)$")


class Value(NamedTuple):
    """A documented key: its path, type (empty for a section) and what it does."""

    path: tuple[str, ...]
    type: str
    text: str


def documented(text: str) -> list[Value]:
    """Every key of values.yaml that has a comment over it, in order."""
    found: list[Value] = []
    path: list[str] = []
    comment: tuple[str, str] | None = None
    for line in text.splitlines():
        if match := _COMMENT.match(line):
            comment = (match[1] or "", match[2])
        elif match := _KEY.match(line):
            depth = len(match[1]) // 2
            path[depth:] = [match[2]]
            if comment and comment[0]:
                found.append(Value(tuple(path), *comment))
            comment = None
        else:
            comment = None
    return found


def type_of(value: Value, values: dict[str, Any], types: dict[tuple[str, ...], Value]) -> dict[str, Any]:
    """The JSON schema of one value."""
    kind = value.type
    schema: dict[str, Any] = {"description": value.text}
    if kind.startswith("string: "):
        return {**schema, "type": "string", "enum": kind.removeprefix("string: ").split("|")}
    if kind.startswith("map of "):
        section = kind.removeprefix("map of ")
        entry = section_of((section,), values[section], values, types)
        entry["type"] = ["object", "null"]
        return {**schema, "type": "object", "additionalProperties": entry}
    if kind.startswith("as "):
        section = kind.removeprefix("as ")
        return {**schema, **section_of((section,), values[section], values, types)}
    names = {"list": "array", "map": "object"}
    found = [names.get(name, name) for name in kind.split("|")]
    return {**schema, "type": found[0] if len(found) == 1 else found}


def section_of(
    path: tuple[str, ...],
    section: dict[str, Any],
    values: dict[str, Any],
    types: dict[tuple[str, ...], Value],
) -> dict[str, Any]:
    """The JSON schema of a section: its keys, and no others."""
    properties = {}
    for key, value in section.items():
        here = (*path, key)
        if here in types:
            properties[key] = type_of(types[here], values, types)
        elif isinstance(value, dict):
            properties[key] = section_of(here, value, values, types)
        else:
            raise SystemExit(f"values.yaml: {'.'.join(here)} has no comment with a type over it")
    return {"type": "object", "additionalProperties": False, "properties": properties}


def schema(text: str) -> str:
    """values.schema.json."""
    values = yaml.safe_load(text)
    types = {value.path: value for value in documented(text)}
    root = section_of((), values, values, types)
    root["properties"]["global"] = {"type": "object", "description": "What a parent chart shares."}
    return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **root}, indent=1) + "\n"


def readme(text: str) -> str:
    """README.md: how to begin, and the table."""
    values = yaml.safe_load(text)
    lines = []
    for value in documented(text):
        default: Any = values
        for key in value.path:
            default = default[key]
        shown = json.dumps(default) if not isinstance(default, str) or not default else default
        help_text = value.text.replace("|", "\\|")
        lines.append(f"| `{'.'.join(value.path)}` | `{shown}` | {help_text} |")
    return (CHART / "README.head.md").read_text() + "\n".join(lines) + "\n"


def main() -> int:
    """Write the files, or check them."""
    text = (CHART / "values.yaml").read_text()
    status = 0
    for name, content in {"values.schema.json": schema(text), "README.md": readme(text)}.items():
        path = CHART / name
        if "--check" not in sys.argv:
            path.write_text(content)
        elif not path.exists() or path.read_text() != content:
            print(f"{path} is not up to date: run `make docs`", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
