"""Database files in the repository that belong in the image, such as a search index, and dumps that do not."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from django_k8s.adopt.facts import Fact
from django_k8s.adopt.tree import Tree

_DUMP = re.compile(r"^-- (PostgreSQL database|MySQL|MariaDB) dump", re.MULTILINE)
_BEGINNING = 65_536
_SUFFIXES = (".db", ".sqlite", ".sqlite3", ".duckdb")


def data_files(tree: Tree, project: str, settings: tuple[str, ...]) -> Fact:
    """Return the database files that git tracks and that code other than the settings mentions.

    The build refuses every database file that is not allowed. One that only the settings mention is a developer's own.
    """
    found, source = [], ""
    for name in tree.files:
        path = PurePosixPath(name)
        if path.suffix not in _SUFFIXES or tree.aside(name) or not tree.tracked(name):
            continue
        quoted = (f'"{path.name}"', f"'{path.name}'", f"/{path.name}")
        place = next((file for file in tree.containing(quoted, project) if file not in settings), "")
        if place:
            found.append(name)
            source = source or place
    return Fact("allow_files", found, source or "no database is tracked", "likely" if found else "read")


def dumps(tree: Tree, project: str) -> Fact:
    """Return the database dumps that git tracks and that no code mentions. The image does not need them.

    They are for development, and the build would refuse them.
    """
    found, source = [], ""
    for name in tree.files:
        path = PurePosixPath(name)
        if path.suffix != ".sql" or not _DUMP.search(tree.text(name)[:_BEGINNING]):
            continue
        quoted = (f'"{path.name}"', f"'{path.name}'", f"/{path.name}")
        if not any(tree.containing(quoted, project)) and tree.tracked(name):
            found.append(name)
            source = source or name
    return Fact("left_out", found, source or "no dump is tracked", "likely" if found else "read")
