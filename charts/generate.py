"""Write values.schema.json and README.md of the chart from the comments of values.yaml, and its list of secret variables.

The comment directly above a key describes it. It begins with the type in parentheses:

    # (list) Host names of the site. A sentence may go on
    # in the next line.
    #
    # A further paragraph. A paragraph that is indented by four spaces is an example, from the top of the file:
    #
    #     hosts: [shop.example.com]
    hosts: []

The type is boolean, integer, string, list or map, one of the texts in ``_TEXTS``, several of these with ``|`` (and ``null``), ``string: A|B`` for a
choice (or none, if the default is empty), ``map: A integer, B list`` for a map of these keys, ``map of X`` for entries with the keys of the section X, or ``as X`` for those keys. A comment without a type
describes a section. A comment that begins with ``## Title`` and ends with an empty line is a heading of README.md and its
introduction. Any other comment is for readers of values.yaml only.

``python charts/generate.py --check`` fails if a file is not what it would write.
"""

from __future__ import annotations

import json
import re
import sys
import textwrap
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from django_k8s.environment.variables import VARIABLES

CHART = Path(__file__).resolve().parent / "django"
_KEY = re.compile(r"^( *)([A-Za-z][\w-]*):")
_TYPE = re.compile(r"\(([^)]+)\)\s+")
_JSON = {"list": "array", "map": "object"}

# Strings of a certain form. Each may be empty if the default is.
_TEXTS = {
    "image": r"[A-Za-z0-9][A-Za-z0-9._/:@-]*",
    "word": r"[A-Za-z0-9][A-Za-z0-9._/-]{0,62}",
    "label": r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?",
    "name": r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?",
    "quantity": r"[0-9]+(\.[0-9]+)?([kMGTPE]i?|m)?",
    "duration": r"([0-9]+(ms|s|m|h))+",
    "percentage": r"[0-9]+%",
}

Keys = tuple[str, ...]


class Value(NamedTuple):
    """A documented key: its path, type (empty for a section), paragraphs and examples."""

    path: Keys
    type: str
    paragraphs: tuple[str, ...]
    examples: tuple[str, ...]

    @property
    def name(self) -> str:
        """The path as ``--set`` takes it."""
        return ".".join(self.path)


class Heading(NamedTuple):
    """A heading of the README, and the paragraphs below it."""

    title: str
    paragraphs: tuple[str, ...]


def paragraphs_of(comment: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the paragraphs of a comment, each in one line, and its examples."""
    paragraphs, examples = [], []
    for paragraph in re.split(r"\n(?: *\n)+", comment):
        if paragraph.startswith("    "):
            examples.append(textwrap.dedent(paragraph))
        elif paragraph:
            paragraphs.append(" ".join(paragraph.split()))
    return tuple(paragraphs), tuple(examples)


def parse(text: str) -> list[Heading | Value]:
    """Return the headings and documented keys of values.yaml, in order."""
    found: list[Heading | Value] = []
    path: list[str] = []
    comment: list[str] = []
    for line in [*text.splitlines(), ""]:
        stripped = line.strip()
        if stripped.startswith("#"):
            comment.append(stripped.removeprefix("#").removeprefix(" "))
            continue
        if match := _KEY.match(line):
            depth = len(match[1]) // 2
            path[depth:] = [match[2]]
            if comment:
                whole = "\n".join(comment)
                typed = _TYPE.match(whole)
                kind = " ".join(typed[1].split()) if typed else ""
                found.append(Value(tuple(path), kind, *paragraphs_of(whole[typed.end() if typed else 0 :])))
        elif comment and comment[0].startswith("# "):
            paragraphs, _ = paragraphs_of("\n".join(comment[1:]))
            found.append(Heading(comment[0].removeprefix("# "), paragraphs))
        comment = []
    return found


def documented(text: str) -> list[Value]:
    """Return every value of values.yaml that has a type, in order."""
    return [found for found in parse(text) if isinstance(found, Value) and found.type]


def default_of(value: Value, values: dict[str, Any]) -> Any:
    """Return the value that values.yaml has."""
    default: Any = values
    for key in value.path:
        default = default[key]
    return default


def type_of(value: Value, values: dict[str, Any], comments: dict[Keys, Value]) -> dict[str, Any]:
    """Return the JSON schema of one value."""
    kind = value.type
    schema: dict[str, Any] = {"description": " ".join(value.paragraphs)}
    if kind.startswith("string: "):
        choices = kind.removeprefix("string: ").split("|")
        unset = [""] if default_of(value, values) == "" else []
        return {**schema, "type": "string", "enum": [*unset, *choices]}
    if kind.startswith("map of "):
        section = kind.removeprefix("map of ")
        entry = section_of((section,), values[section], values, comments)
        entry["type"] = ["object", "null"]
        return {**schema, "type": "object", "additionalProperties": entry}
    if kind.startswith("as "):
        section = kind.removeprefix("as ")
        return {**section_of((section,), values[section], values, comments), **schema}
    if kind.startswith("map: "):
        keys = dict(key.split() for key in kind.removeprefix("map: ").split(", "))
        properties = {key: {"type": _JSON.get(name, name)} for key, name in keys.items()}
        return {**schema, "type": "object", "additionalProperties": False, "properties": properties}
    found = []
    for name in kind.split("|"):
        if name in _TEXTS:
            unset = "|" if default_of(value, values) == "" else ""
            schema["pattern"] = f"^({_TEXTS[name]}{unset})$"
        found.append("string" if name in _TEXTS else _JSON.get(name, name))
    return {**schema, "type": found[0] if len(found) == 1 else found}


def section_of(
    path: Keys, section: dict[str, Any], values: dict[str, Any], comments: dict[Keys, Value]
) -> dict[str, Any]:
    """Return the JSON schema of a section: its keys, and no others."""
    properties = {}
    for key, value in section.items():
        here = (*path, key)
        comment = comments.get(here)
        if comment and comment.type:
            properties[key] = type_of(comment, values, comments)
        elif isinstance(value, dict):
            properties[key] = section_of(here, value, values, comments)
        else:
            raise SystemExit(f"values.yaml: {'.'.join(here)} has no comment with a type above it")
    described = {"description": " ".join(comments[path].paragraphs)} if path in comments else {}
    return {**described, "type": "object", "additionalProperties": False, "properties": properties}


def schema(text: str) -> str:
    """Return values.schema.json."""
    values = yaml.safe_load(text)
    comments = {found.path: found for found in parse(text) if isinstance(found, Value)}
    root = section_of((), values, values, comments)
    root["properties"]["global"] = {"type": "object", "description": "Values that a parent chart shares."}
    return json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", **root}, indent=1) + "\n"


def secret_variables() -> str:
    """Return the list of variables whose whole value is secret. URLs are judged by what they contain."""
    names = [
        name for name, found in VARIABLES.items() if found.secret and found.kind not in ("url", "backend")
    ]
    header = "# Generated from django_k8s/environment/variables.py by charts/generate.py: run `make docs`.\n"
    return header + yaml.safe_dump(names)


def row(value: Value, values: dict[str, Any]) -> str:
    """Return the row of the table for one value."""
    default = default_of(value, values)
    shown = default if isinstance(default, str) and default else json.dumps(default)
    text = "<br>".join(value.paragraphs).replace("|", "\\|")
    return f"| `{value.name}` | `{shown}` | {text} |\n"


def readme(text: str) -> str:
    """Return README.md: how to begin, and under each heading a table and its examples."""
    values = yaml.safe_load(text)
    found = parse(text)
    starts = [index for index, item in enumerate(found) if isinstance(item, Heading)]
    parts = [(CHART / "README.head.md").read_text()]
    for start, end in pairwise([*starts, len(found)]):
        heading, *rest = found[start:end]
        assert isinstance(heading, Heading)
        members = [value for value in rest if isinstance(value, Value) and value.type]
        parts.append("\n".join([f"### {heading.title}\n", *(f"{text}\n" for text in heading.paragraphs)]))
        parts.append(
            "| value | default | |\n|---|---|---|\n" + "".join(row(value, values) for value in members)
        )
        for value in members:
            parts += [
                f"An example of `{value.name}`:\n\n```yaml\n{example}\n```\n" for example in value.examples
            ]
    return "\n".join(parts)


def main() -> int:
    """Write the files, or check them."""
    text = (CHART / "values.yaml").read_text()
    status = 0
    files = {
        "values.schema.json": schema(text),
        "README.md": readme(text),
        "files/secret-variables.yaml": secret_variables(),
    }
    for name, content in files.items():
        path = CHART / name
        if "--check" not in sys.argv:
            path.write_text(content)
        elif not path.exists() or path.read_text() != content:
            print(f"{path} is not up to date: run `make docs`", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main())
