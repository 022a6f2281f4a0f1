"""``python -m django_k8s.run.detect``: say as JSON why a project has no Celery application.

It looks as the launcher of worker and beat does, which imports the project. An end without an answer means
that the project itself cannot be imported; its roles say why.
"""

from __future__ import annotations

import json


def read(answer: bytes) -> str:
    """Return what the last line of an answer says; empty if there is an application, or no answer."""
    try:
        return str(json.loads(answer.splitlines()[-1])["missing"])
    except (ValueError, LookupError, TypeError):
        return ""


def main() -> None:
    """Print the answer."""
    from django_k8s.celery import application

    missing = ""
    try:
        application.set_up(application.find())
    except application.NoApplication as error:
        missing = str(error)
    print(json.dumps({"missing": missing}))


if __name__ == "__main__":
    main()
