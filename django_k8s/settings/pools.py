"""The default pool of database connections for web under ASGI."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from typing import Any

from django_k8s.environment.env import Env

# Far more than web uses at the same time, because requests that stream or wait for something else keep their connection.
_MOST = 50
# Wrappers of other packages may store state of a connection, which a pool exchanges without their knowledge.
_ENGINES = ("django.db.backends.postgresql", "django.contrib.gis.db.backends.postgis")


def available() -> bool:
    """Return whether psycopg 3 and its pool are installed."""
    return all(map(importlib.util.find_spec, ("psycopg", "psycopg_pool")))


def asgi_pool(env: Env, database: Mapping[str, Any]) -> dict[str, Any]:
    """Return the option for a pool in web under ASGI, and nothing elsewhere.

    Under ASGI, each request has a separate thread, and its connection is not kept. Opening a new connection takes longer
    than most requests. DATABASE_POOL_SIZE, CONN_MAX_AGE and the project's own pool override this.
    """
    if env.str("ROLE") != "web" or env.str("WEB_INTERFACE") != "asgi" or env.is_set("DATABASE_POOL_SIZE"):
        return {}
    if database.get("CONN_MAX_AGE") or database["ENGINE"] not in _ENGINES or not available():
        return {}
    return {"pool": {"min_size": 2, "max_size": _MOST, "timeout": 10}}
