"""How ``init``, ``check`` and ``update`` end, and how they print messages."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from django_k8s.adopt.failure import CannotAdopt
from django_k8s.environment.exit_codes import INTERRUPTED


def ended(command: str, action: Callable[[], int], *, interrupted: str) -> int:
    """Run ``action`` and return its exit status. Report a failure or Ctrl-C in one sentence on standard error."""
    try:
        return action()
    except CannotAdopt as error:
        return fail(command, str(error), error.status)
    except KeyboardInterrupt:
        return fail(command, interrupted, INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return INTERRUPTED


def say(text: str) -> None:
    """Print a line that is not part of the result, on standard error."""
    print(text, file=sys.stderr)


def fail(command: str, message: str, status: int) -> int:
    """Print why the command ends, and return ``status``."""
    say(f"django-k8s {command}: {message}")
    return status
