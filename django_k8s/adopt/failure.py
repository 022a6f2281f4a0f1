"""The error that stops ``init``: one sentence and an exit status."""

from __future__ import annotations

from django_k8s.environment.exit_codes import EX_NOINPUT


class CannotAdopt(Exception):
    """``init`` cannot continue, because of the project or of this machine. The message says what to do."""

    def __init__(self, message: str, status: int = EX_NOINPUT) -> None:
        super().__init__(message)
        self.status = status
