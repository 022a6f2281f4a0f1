"""The names of other libraries that this library uses although they are not documented.

Each name has a row in :data:`NAMES`, and a test checks the installed release for each row. If you add a use, add a row.
If you find a public alternative, remove the row. At run time, only the system check django_k8s.W022 uses this package.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple

from django_k8s.upstream import celery, django, gunicorn, gunicorn_threads, kombu, others
from django_k8s.upstream.name import Name

NAMES: tuple[Name, ...] = (
    *gunicorn.NAMES,
    *gunicorn_threads.NAMES,
    *celery.NAMES,
    *kombu.NAMES,
    *django.NAMES,
    *others.NAMES,
)

# The newest release of each library with which this version is tested. A test compares them with requirements/dev.txt.
# New Relic's agent, which has one row, is missing here because it has a new release every few weeks.
TESTED = {
    "celery": "5.7.0",
    "click-repl": "0.4.1",
    "django": "6.1.3",
    "django-environ": "0.14.0",
    "django-storages": "1.14.6",
    "gunicorn": "27.0.1",
    "kombu": "5.7.0",
    "prometheus-client": "0.26.0",
    "whitenoise": "6.12.0",
}


class Untested(NamedTuple):
    """A library whose installed release is newer than the tested release."""

    name: str
    installed: str
    tested: str


def untested() -> Iterator[Untested]:
    """Yield the installed libraries that are newer than the tested releases.

    Only the first two numbers count, because bug-fix releases are too frequent to warn about.
    """
    for name, tested in TESTED.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            continue
        if _series(installed) > _series(tested):
            yield Untested(name, installed, tested)


def _series(release: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", release)[:2]]
