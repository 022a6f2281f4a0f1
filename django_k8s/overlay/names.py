"""The names of variables that belong to one alias of a setting."""

from __future__ import annotations

import re


def variable(alias: str, name: str) -> str:
    """Return ``name`` for the alias ``default``, or ``name`` with the alias before it, as in REPLICA_DATABASE_URL."""
    return name if alias == "default" else f"{re.sub(r'[^A-Z0-9]', '_', alias.upper())}_{name}"
