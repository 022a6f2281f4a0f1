"""The project's DATABASES, at the addresses from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_k8s.environment.env import Env
from django_k8s.overlay.names import variable
from django_k8s.settings.databases import (
    TIMEOUTS,
    Database,
    database,
    from_environment,
    refuse_foreign,
    session,
    timeouts,
    with_options,
)

_LOCATION = ("NAME", "USER", "PASSWORD", "HOST", "PORT")
# Variables that override the project's value if they are set, and the key of that value in the database or its OPTIONS.
_OVERRULED = {
    "DATABASE_CONN_MAX_AGE": "CONN_MAX_AGE",
    "DATABASE_CONNECT_TIMEOUT_SECONDS": "connect_timeout",
    "DATABASE_POOL_SIZE": "pool",
    "DATABASE_SSLMODE": "sslmode",
    "DATABASE_SSLROOTCERT": "sslrootcert",
}
_FAMILIES = ("postg", "sqlite", "spatialite", "mysql", "oracle")


def databases(env: Env, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return DATABASES with timeouts, keepalives and health checks added to each database.

    DATABASE_URL is the address of ``default``, REPLICA_DATABASE_URL that of ``replica``, and so on for other aliases. For
    ``default``, DATABASE_HOST and the other parts may be set instead. The project's port and password are kept if
    DATABASE_PORT and DATABASE_PASSWORD are not set. Without these variables, each database keeps its address.

    The project's OPTIONS, ATOMIC_REQUESTS, TEST, CONN_MAX_AGE and other aliases are kept and override the defaults. Its
    ENGINE is kept too, unless the URL is for another kind of database. A DATABASE variable that is set overrides all of
    them. CONN_HEALTH_CHECKS is always on.
    """
    found = {alias: _database(env, alias, own) for alias, own in project.items() if own or alias != "default"}
    return found if "default" in found else {"default": database(env), **found}


def _database(env: Env, alias: str, project: Mapping[str, Any]) -> Database:
    name = variable(alias, "DATABASE_URL")
    own: Database = {**project, "OPTIONS": dict(project.get("OPTIONS") or {})}
    if env.is_set(name):
        own = _moved(own, from_environment(env, name))
    elif alias == "default" and env.is_set("DATABASE_HOST"):
        own = _moved(own, {**from_environment(env, name), **_kept(env, own)})
    if not own.get("ENGINE"):
        return dict(project)
    for setting in filter(env.is_set, _OVERRULED):
        own.pop(_OVERRULED[setting], None)
        own["OPTIONS"].pop(_OVERRULED[setting], None)
    named = own["OPTIONS"].get("options")
    result = with_options(env, own)
    if alias == "default":
        refuse_foreign(env, result)
    if "CONN_HEALTH_CHECKS" in result:
        result["CONN_HEALTH_CHECKS"] = True
    if result["OPTIONS"].get("pool"):  # Django refuses persistent connections with a pool
        result["CONN_MAX_AGE"] = 0
    if named and (decided := timeouts(env, filter(env.is_set, TIMEOUTS))):
        result["OPTIONS"]["options"] = session(result["OPTIONS"]["options"], decided)
    return result


def _moved(own: Database, location: Database) -> Database:
    """Return the project's database at another address."""
    if _family(own.get("ENGINE", "")) == _family(location["ENGINE"]):
        place = {key: location.get(key, "") for key in _LOCATION}
        options = {**location.get("OPTIONS", {}), **own["OPTIONS"]}
        if both := session(*(part.get("OPTIONS", {}).get("options", "") for part in (location, own))):
            options["options"] = both
        return {**location, **own, **place, "OPTIONS": options}
    # The project's options are for another kind of database.
    kept = {key: value for key, value in own.items() if key not in ("ENGINE", "OPTIONS", *_LOCATION)}
    return {**location, **kept, "OPTIONS": dict(location.get("OPTIONS", {}))}


def _kept(env: Env, own: Database) -> Database:
    """Return the project's port and password of a PostgreSQL database, unless their variables are set."""
    parts = {"PORT": "DATABASE_PORT", "PASSWORD": "DATABASE_PASSWORD"}
    if _family(own.get("ENGINE", "")) != "postg":
        return {}
    return {key: own[key] for key, name in parts.items() if own.get(key) and not env.is_set(name)}


def _family(engine: str) -> str:
    # Recognizes PostGIS, wrappers such as django_tenants.postgresql_backend, and both names of SQLite.
    found = next((family for family in _FAMILIES if family in engine.lower()), engine)
    return "sqlite" if found == "spatialite" else found
