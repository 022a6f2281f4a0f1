"""The start-up configuration of this process.

Start-up variables, such as PORT or STATE_DIR, act before Django is loaded. They are read here, from the
process environment, once per process, by the probe listener, the servers, Celery and the settings alike.
"""

from __future__ import annotations

import os
from functools import cache

from django_k8s.environment.env import Env


@cache
def env() -> Env:
    """Return the reader of this process's environment. It reads no .env file."""
    return Env(environ=os.environ)


def reset() -> None:
    """Forget what was read. For tests that change ``os.environ``."""
    env.cache_clear()
