"""The names of the variables for an alias of a setting."""

from __future__ import annotations

import re


def variable(alias: str, name: str) -> str:
    """Return ``name`` for the alias ``default``, or ``name`` with the alias as a prefix, as in REPLICA_DATABASE_URL."""
    return name if alias == "default" else f"{re.sub(r'[^A-Z0-9]', '_', alias.upper())}_{name}"
