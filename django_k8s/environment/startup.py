"""The start-up configuration of this process.

Start-up variables, such as PORT or STATE_DIR, are needed before Django is loaded. The probe listener, the servers,
Celery and the settings all read them here, from the process environment.
"""

from __future__ import annotations

import os
from functools import cache

from django_k8s.environment.env import Env


@cache
def env() -> Env:
    """Return the reader of this process's environment. It does not read a .env file."""
    return Env(environ=os.environ)


def reset() -> None:
    """Create a new reader at the next call. This is for tests that change ``os.environ``."""
    env.cache_clear()
