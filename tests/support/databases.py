"""Databases in the place of the default one, for tests in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from django.db import connections

from django_k8s.env import Env
from django_k8s.settings import databases


@contextlib.contextmanager
def default_database(url: str, **more: str) -> Iterator[None]:
    """Let the alias ``default`` be the database of ``url``, set up as a project's would be."""
    settings = databases(Env(environ={"DEBUG": "true", "DATABASE_URL": url, **more}), Path("/nowhere"))
    former = connections.settings
    known = connections["default"]
    connections.settings = connections.configure_settings(settings)  # type: ignore[misc]
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"].__dict__.get("close_pool", lambda: None)()
        connections.settings = former  # type: ignore[misc]
        connections["default"] = known
