"""The exception with which a command ends if it fails."""

from __future__ import annotations

from django_k8s.environment.exit_codes import EX_UNAVAILABLE

FAILED = 1  # the release does not work, or the image cannot be built


class Stopped(Exception):
    """A command cannot continue. The message says in one sentence what is wrong and what to do.

    ``details`` are lines to print above the sentence, such as the end of a log.
    """

    def __init__(self, text: str, status: int = EX_UNAVAILABLE, details: tuple[str, ...] = ()) -> None:
        super().__init__(text)
        self.status = status
        self.details = details
