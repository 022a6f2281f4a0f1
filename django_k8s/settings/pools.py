"""The pool of connections that web has under ASGI if nobody says otherwise."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from django_k8s.environment.env import Env

# Far more than web needs at a time: a request that waits for something else, or streams, keeps its connection.
_MOST = 50
# Wrappers of other packages may keep state of a connection that a pool changes under them.
_ENGINES = ("django.db.backends.postgresql", "django.contrib.gis.db.backends.postgis")


def available() -> bool:
    """Whether psycopg 3 and its pool are installed."""
    return all(map(importlib.util.find_spec, ("psycopg", "psycopg_pool")))


def asgi_pool(env: Env, database: Mapping[str, Any]) -> dict[str, Any]:
    """Return the option for a pool in web under ASGI, or nothing elsewhere.

    Under ASGI each request has a thread of its own, and with it a connection that is not kept. A new one for each
    request costs more than most requests. DATABASE_POOL_SIZE, a CONN_MAX_AGE of the project and a pool of its own
    replace this one.
    """
    if env.str("ROLE") != "web" or env.str("WEB_INTERFACE") != "asgi" or env.is_set("DATABASE_POOL_SIZE"):
        return {}
    if database.get("CONN_MAX_AGE") or database["ENGINE"] not in _ENGINES or not available():
        return {}
    return {"pool": {"min_size": 2, "max_size": _MOST, "timeout": 10}}
