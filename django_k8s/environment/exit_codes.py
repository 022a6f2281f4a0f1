"""Exit statuses, as defined by sysexits.h and by shells."""

from __future__ import annotations

EX_USAGE = 64  # the command line is wrong
EX_NOINPUT = 66  # an input does not exist
EX_UNAVAILABLE = 69  # something that the command needs is missing
EX_CANTCREAT = 73  # a file cannot be written
EX_TEMPFAIL = 75  # a later attempt may work
EX_NOPERM = 77  # a permission is missing
EX_CONFIG = 78  # the configuration is wrong
INTERRUPTED = 130  # by Ctrl-C, as shells report it
