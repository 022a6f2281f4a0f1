"""How the commands end: with an exit status, and one sentence if something went wrong."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable

from django_k8s.environment.exit_codes import EX_CANTCREAT, INTERRUPTED
from django_k8s.environment.masking import mask
from django_k8s.release.outcome import Stopped
from django_k8s.release.report import Report


def finish(action: Callable[[], None], report: Report, again: str) -> int:
    """Run ``action`` and return the exit status. ``again`` says how to continue after Ctrl-C."""
    try:
        action()
    except Stopped as error:
        report.problem(mask(str(error)), error.details)
        return error.status
    except KeyboardInterrupt:
        report.problem(f"Interrupted. {again}")
        return INTERRUPTED
    except BrokenPipeError:
        # The reader has closed the pipe. Without this, Python would print an error when it writes the rest at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            report.problem("The disk is full. Free some space and run this again.")
        else:
            report.problem(f"{error.filename or 'The system'}: {error.strerror or error}.")
        return EX_CANTCREAT
    return 0
