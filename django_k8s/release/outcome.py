"""How a command ends when it cannot do what it was asked for."""

from __future__ import annotations

from django_k8s.environment.exit_codes import EX_UNAVAILABLE

FAILED = 1  # the release was installed, and does not work


class Stopped(Exception):
    """One sentence that says what is wrong and what to do, with the exit status.

    ``details`` are lines to print above the sentence, such as the end of a log.
    """

    def __init__(self, text: str, status: int = EX_UNAVAILABLE, details: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.details = details
