"""Exit statuses, as sysexits.h and shells have them."""

from __future__ import annotations

EX_USAGE = 64  # the command line makes no sense
EX_NOINPUT = 66  # what it should work on is not there
EX_UNAVAILABLE = 69  # something that it needs is missing
EX_CANTCREAT = 73  # it cannot write
EX_TEMPFAIL = 75  # it may work another time
EX_NOPERM = 77  # somebody has no right to do it
EX_CONFIG = 78  # something is wrong with the configuration
INTERRUPTED = 130  # by Ctrl-C, as shells say it
