"""Write values as YAML: maps, lists, strings, numbers and booleans, with comments before keys."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_/][\w./@:-]*(?<!:)")
_WORDS = frozenset(["true", "false", "yes", "no", "on", "off", "null", "none", "y", "n"])


class Comment(str):
    """A key that becomes a comment. Its value is ignored."""

    __slots__ = ()


def dump(value: Mapping[str, Any], depth: int = 0) -> list[str]:
    """Return the lines of a map. A key that is a Comment becomes lines that start with ``#``."""
    lines: list[str] = []
    start = "  " * depth
    for key, one in value.items():
        if isinstance(key, Comment):
            lines += [f"{start}# {text}".rstrip() for text in key.splitlines()]
        elif isinstance(one, Mapping) and one and not _short(one):
            lines.append(f"{start}{_scalar(key)}:")
            lines += dump(one, depth + 1)
        else:
            lines.append(f"{start}{_scalar(key)}: {_inline(one)}")
    return lines


def _short(value: Mapping[str, Any]) -> bool:
    if any(isinstance(key, Comment) for key in value) or any(
        isinstance(one, Mapping) and one for one in value.values()
    ):
        return False
    return len(_inline(value)) <= 90 and len(value) <= 3


def _inline(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_inline(one)}" for key, one in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_inline(one) for one in value) + "]"
    return _scalar(value)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        plain = _PLAIN.fullmatch(value) and value.lower() not in _WORDS and not value.startswith("- ")
        return value if plain else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
