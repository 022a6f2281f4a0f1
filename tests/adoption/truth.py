"""How right the detected facts are, beside facts that somebody has read from the project's code.

A file of truth is JSON: for each fact its name and ``value``, with ``accept``, a list of other values that are right too, or
``at_least`` instead of a value: a list that has these, and maybe more, is right. A wrong value about which ``init`` asks is no
wrong fact: it is asked.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

RIGHT, ASKED, WRONG, MISSING = "right", "asked", "wrong", "missing"


def compare(facts: Mapping[str, Mapping[str, Any]], truth: Path) -> dict[str, str]:
    """Return right, asked, wrong or missing for each fact of ``truth``."""
    found = {}
    for name, known in json.loads(truth.read_text()).items():
        fact = facts.get(name)
        if fact is None:
            found[name] = MISSING
        elif _is_right(fact["value"], known):
            found[name] = RIGHT
        else:
            found[name] = ASKED if len(fact.get("choices") or ()) > 1 else WRONG
    return found


def _is_right(value: Any, known: Mapping[str, Any]) -> bool:
    if "at_least" in known:
        return set(known["at_least"]) <= set(value or ())
    return any(same(value, other) for other in (known["value"], *known.get("accept", ())))


def same(value: Any, known: Any) -> bool:
    """Whether two values say the same.

    Neither the order of a list matters nor how a module's member is written, and all empty values are the same. Where only
    yes or no is known, whatever is not empty is yes.
    """
    if isinstance(known, bool):
        return bool(value) == known
    return bool(_plain(value) == _plain(known))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        program = value.get("command") or value.get("args")
        if program:  # what a program is called by says nothing
            return _plain(" ".join(str(part) for part in program if part != "manage"))
        return {key: _plain(part) for key, part in sorted(value.items()) if _plain(part)}
    if isinstance(value, (list, tuple, set, frozenset)):
        return sorted((_plain(part) for part in value), key=str) or ""
    if value is None or isinstance(value, bool):
        return value or ""
    return re.sub(r"\s+", " ", str(value)).strip().rstrip("/").replace(":", ".")
