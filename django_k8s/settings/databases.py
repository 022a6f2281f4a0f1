"""DATABASES from DATABASE_URL or from parts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django_k8s.env import Env
from django_k8s.settings.urls import encoded

_POSTGRES = "django.db.backends.postgresql"
_SQLITE = "django.db.backends.sqlite3"
# Engines by the end of their names: PostGIS, SpatiaLite and wrappers take the same settings.
_POSTGRES_FAMILY = (".postgresql", ".postgis")
_SQLITE_FAMILY = (".sqlite3", ".spatialite")

# A server that vanished without a word is noticed after 20 to 25 seconds in place of hours.
KEEPALIVES = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,  # milliseconds
}

# What people write for a truth value in a URL's query; django-environ leaves it a string.
_TRUTH = {"true": True, "1": True, "false": False, "0": False}

Database = dict[str, Any]


def databases(env: Env, base_dir: Path) -> dict[str, Database]:
    """Django's DATABASES with the alias ``default``.

    Reads DATABASE_URL or DATABASE_HOST and its fellows. SQLite in ``base_dir`` is the default of
    debug mode; production has to name its database, SQLite too. In the build phase the database is
    one that is never opened.
    """
    return {"default": _tuned(env, _named(env, base_dir))}


def _named(env: Env, base_dir: Path) -> Database:
    """The database that the environment names, as ENGINE, NAME and the like."""
    url = env.str("DATABASE_URL", "", secret=True)
    host = env.str("DATABASE_HOST")
    if url and host:
        env.problem("DATABASE_HOST", "contradicts DATABASE_URL. Give the address or the parts, not both.")
    if host:
        return _from_parts(env, host)
    if url:
        return _from_url(env, url, base_dir)
    env.require("DATABASE_URL")
    return {"ENGINE": _SQLITE, "NAME": str(base_dir / "db.sqlite3")}


def _from_parts(env: Env, host: str) -> Database:
    for name in ("DATABASE_NAME", "DATABASE_USER"):
        if not env.str(name):
            env.problem(name, "is missing. DATABASE_HOST is set, so the database is given in parts.")
    return {
        "ENGINE": _POSTGRES,
        "HOST": host,
        "PORT": env.int("DATABASE_PORT"),
        "NAME": env.str("DATABASE_NAME"),
        "USER": env.str("DATABASE_USER"),
        "PASSWORD": env.str("DATABASE_PASSWORD", secret=True),
    }


def _from_url(env: Env, url: str, base_dir: Path) -> Database:
    from environ import Env as Environ

    nothing: Database = {"ENGINE": _SQLITE, "NAME": ":memory:"}
    kind, _, rest = url.partition("://")
    if kind not in Environ.DB_SCHEMES:
        env.problem(
            "DATABASE_URL", "has an unknown scheme. Write it as postgres://user:password@host:5432/name."
        )
        return nothing
    # The parser drops what stands in a host's place, and a file in the place of the one that is meant.
    if Environ.DB_SCHEMES[kind].endswith(_SQLITE_FAMILY) and not re.match(r"/[^?]|:memory:", rest):
        env.problem(
            "DATABASE_URL",
            "names no file after sqlite://. Write sqlite:///FOLDER/NAME for a file below the project, "
            "sqlite:////FOLDER/NAME for one anywhere, sqlite://:memory: for none.",
        )
        return nothing
    try:
        database = dict(Environ.db_url_config(encoded(url)))
    except (ValueError, TypeError):
        env.problem(
            "DATABASE_URL",
            "cannot be read. Write it as postgres://user:password@host:5432/name, or give the parts.",
        )
        return nothing
    if database["ENGINE"].endswith(_SQLITE_FAMILY):
        name = database["NAME"]
        return {
            "ENGINE": database["ENGINE"],
            "NAME": name if name == ":memory:" else str(base_dir / name),
            "OPTIONS": database.get("OPTIONS", {}),
        }
    if not database.get("NAME"):
        env.problem(
            "DATABASE_URL",
            "names no database. Add it after the host: postgres://user:password@host:5432/name.",
        )
    options = dict(database.get("OPTIONS", {}))
    if _TRUTH.get(str(options.pop("pool", False)).lower(), True):
        env.problem(
            "DATABASE_URL", "asks for a pool. Set DATABASE_POOL_SIZE to its number of connections instead."
        )
    for name in ("CONN_HEALTH_CHECKS", "ATOMIC_REQUESTS", "AUTOCOMMIT", "DISABLE_SERVER_SIDE_CURSORS"):
        if name in database:
            database[name] = _TRUTH.get(str(database[name]).lower(), bool(database[name]))
    if "server_side_binding" in options:  # Django's own, among those of the driver
        options["server_side_binding"] = _TRUTH.get(str(options["server_side_binding"]).lower(), True)
    return {**database, "OPTIONS": options}


def _tuned(env: Env, database: Database) -> Database:
    """``database`` with connections that survive failures and do not hang."""
    if database["ENGINE"].endswith(_SQLITE_FAMILY):
        return {
            **database,
            "OPTIONS": {
                "timeout": 20,
                # Writers queue up at BEGIN in place of failing at their first write.
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                **database.get("OPTIONS", {}),
            },
        }
    role = env.str("ROLE")
    asynchronous = env.str("WEB_INTERFACE") == "asgi" and role in ("", "web")
    pool = _pool(env, role)
    tuned = {
        # Django refuses kept connections with a pool, and advises against them under ASGI.
        "CONN_MAX_AGE": 0 if pool or asynchronous else env.int("DATABASE_CONN_MAX_AGE"),
        "CONN_HEALTH_CHECKS": True,
        **database,
    }
    if pool:
        tuned["CONN_MAX_AGE"] = 0
    if not database["ENGINE"].endswith(_POSTGRES_FAMILY):
        return tuned
    if env.bool("DATABASE_PGBOUNCER"):
        tuned["DISABLE_SERVER_SIDE_CURSORS"] = True
    tuned["OPTIONS"] = {**_postgres_options(env), **pool, **database.get("OPTIONS", {})}
    return tuned


def _pool(env: Env, role: str) -> dict[str, Any]:
    size = env.int("DATABASE_POOL_SIZE")
    if not size:
        return {}
    if size < env.int("WEB_THREADS"):
        env.problem(
            "DATABASE_POOL_SIZE",
            "is smaller than WEB_THREADS, so requests would wait for each other. Raise it.",
        )
    if role in ("worker", "beat"):
        # Celery closes the pool after every task; CELERY_DB_REUSE_MAX keeps a connection instead.
        return {}
    return {"pool": {"min_size": min(2, size), "max_size": size, "timeout": 10}}


def _postgres_options(env: Env) -> dict[str, Any]:
    options: dict[str, Any] = {
        "connect_timeout": env.int("DATABASE_CONNECT_TIMEOUT_SECONDS"),
        **KEEPALIVES,
    }
    for key, name in (("sslmode", "DATABASE_SSLMODE"), ("sslrootcert", "DATABASE_SSLROOTCERT")):
        if env.str(name):
            options[key] = env.str(name)
    timeouts = {
        "statement_timeout": env.int("DATABASE_STATEMENT_TIMEOUT_SECONDS"),
        "lock_timeout": env.int("DATABASE_LOCK_TIMEOUT_SECONDS"),
    }
    session = " ".join(f"-c {key}={seconds}s" for key, seconds in timeouts.items() if seconds)
    # PgBouncer refuses start-up parameters that it does not know.
    if session and not env.bool("DATABASE_PGBOUNCER"):
        options["options"] = session
    return options
