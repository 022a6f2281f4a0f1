"""Health checks: run-time tests of the things that this project depends on.

READINESS_CHECKS lists the checks that /readyz runs. Each is a built-in name or the dotted path of your own check. That
is a callable that receives a timeout in seconds and raises an exception if something is wrong. It may also be a class,
which is instantiated once per process and then called in the same way::

    from django_k8s.health import Unhealthy

    def search(timeout: float) -> None:
        if not index.ping(timeout):
            raise Unhealthy("the search index does not answer")

Each check runs in its own thread, and all have the same deadline. So a check may block, but it should give up after
``timeout`` seconds, because it is not started again while it hangs. A check with the attribute ``once = True`` does
not run again after it has passed.

Liveness deliberately has no checks. Otherwise, a dependency that is down would restart every pod at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial

from django.core.cache import caches
from django.db import connections
from django.utils.module_loading import import_string

from django_k8s import conf
from django_k8s.health.broker import Broker
from django_k8s.health.cache import Cache
from django_k8s.health.database import Database
from django_k8s.health.migrations import Migrations
from django_k8s.health.results import Check, Report, Result, Unhealthy
from django_k8s.health.storage import Storage

__all__ = ["BUILT_IN_CHECKS", "Check", "Report", "Result", "Unhealthy", "find_checks", "make_checks"]


def _each(name: str, kind: Callable[[str], Check], aliases: Callable[[], Iterable[str]]) -> dict[str, Check]:
    """Return a check for each alias. The check of the alias default has the plain name."""
    return {name if alias == "default" else f"{name}:{alias}": kind(alias) for alias in aliases()}


# The checks of each built-in name, by the name under which they are reported.
BUILT_IN_CHECKS: Mapping[str, Callable[[], dict[str, Check]]] = {
    "database": partial(_each, "database", Database, lambda: list(connections)),
    "cache": partial(_each, "cache", Cache, lambda: list(caches.settings)),
    "broker": lambda: {"broker": Broker()},
    "migrations": partial(_each, "migrations", Migrations, lambda: conf.current().migrate_databases),
    "storage": lambda: {"storage": Storage()},
}


def find_checks(name: str) -> dict[str, Check]:
    """Return the checks for ``name``. Raise ImportError if there are none."""
    if name in BUILT_IN_CHECKS:
        return BUILT_IN_CHECKS[name]()
    found = import_string(name)
    if not callable(found):
        raise ImportError(f"{name} is not a health check: it cannot be called")
    return {name: found() if isinstance(found, type) else found}


def make_checks(names: Iterable[str]) -> dict[str, Check]:
    """Return the checks with these names. A check that cannot be created is included, and fails when it runs.

    A web process with a misspelt check must answer /readyz with 503 and write a line to the log. ``manage.py check``
    refuses the name.
    """
    found: dict[str, Check] = {}
    for name in names:
        try:
            found.update(find_checks(name))
        except Exception as error:
            found[name] = partial(_fail, f"cannot be made: {type(error).__name__}")
    return found


def _fail(text: str, timeout: float) -> None:
    raise Unhealthy(text)
