"""Databases in the place of the default one, for tests in this process."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from django.db import connections

from django_k8s import Env
from django_k8s import settings as k8s


@contextlib.contextmanager
def default_database(url: str, **more: str) -> Iterator[None]:
    """Let the alias ``default`` be the database of ``url``, set up as a project's would be."""
    settings = {"default": k8s.database(Env(environ={"DEBUG": "true", "DATABASE_URL": url, **more}))}
    former = connections.settings
    known = connections["default"]
    connections.settings = connections.configure_settings(settings)  # type: ignore[misc]
    del connections["default"]
    try:
        yield
    finally:
        connections["default"].close()
        getattr(connections["default"], "close_pool", lambda: None)()
        connections.settings = former  # type: ignore[misc]
        connections["default"] = known
