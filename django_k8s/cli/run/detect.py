"""``python -m django_k8s.cli.run.detect``: print as JSON whether a project lacks this library or a Celery application.

It imports the project, in the same way as the roles worker and beat. If it ends without an answer, the project
cannot be imported, and the roles say why.
"""

from __future__ import annotations

import importlib.util
import json
from typing import NamedTuple


class Missing(NamedTuple):
    """Why the project cannot run, and why it has no Celery application. Both are empty if nothing is wrong."""

    library: str = ""
    celery: str = ""


def read(answer: bytes) -> Missing:
    """Return the content of the last line of an answer. Without an answer, both fields are empty."""
    try:
        library, celery = json.loads(answer.splitlines()[-1])
    except (ValueError, LookupError, TypeError):
        return Missing()
    return Missing(str(library), str(celery))


def main() -> None:
    """Print the answer."""
    library = _library()
    print(json.dumps(Missing(library, "" if library else _celery())))


def _library() -> str:
    from django.conf import settings

    if {"django_k8s", "django_k8s.apps.DjangoK8sConfig"} & set(settings.INSTALLED_APPS):
        return ""
    module = str(settings.SETTINGS_MODULE)
    package = module.rpartition(".")[0]
    # The names of the settings for Kubernetes in the documentation.
    names = [f"{package}.kubernetes"] if package else []
    found = next((name for name in [*names, f"{module}_kubernetes"] if importlib.util.find_spec(name)), "")
    remedy = (
        f"Run DJANGO_SETTINGS_MODULE={found} django-k8s run."
        if found
        else "Add it, or name settings that have it: DJANGO_SETTINGS_MODULE=MODULE django-k8s run."
    )
    return f"django_k8s is not in INSTALLED_APPS of {module}. {remedy}"


def _celery() -> str:
    from django_k8s.celery import application

    try:
        application.set_up(application.find())
    except application.NoApplication as error:
        return str(error)
    return ""


if __name__ == "__main__":
    main()
