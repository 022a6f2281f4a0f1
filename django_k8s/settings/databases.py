"""Databases from URLs or from parts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django_k8s.database.keepalives import KEEPALIVES
from django_k8s.environment.connection_urls import encoded, is_host
from django_k8s.environment.env import Env
from django_k8s.settings import pools

_POSTGRES = "django.db.backends.postgresql"
_NONE = "django.db.backends.dummy"  # raises ImproperlyConfigured if it is used
_SQLITE = "django.db.backends.sqlite3"
# Engines by the end of their names: PostGIS, SpatiaLite and wrappers take the same settings.
_POSTGRES_FAMILY = (".postgresql", ".postgis", ".postgresql_backend")
_SQLITE_FAMILY = (".sqlite3", ".spatialite")
# The drivers of Django's own MySQL backend, mysqlclient and PyMySQL, have the same names for the options set here.
_MYSQL_FAMILY = ("backends.mysql",)

# Variables, and the names of their settings in PostgreSQL.
TIMEOUTS = {
    "DATABASE_STATEMENT_TIMEOUT_SECONDS": "statement_timeout",
    "DATABASE_LOCK_TIMEOUT_SECONDS": "lock_timeout",
}

# Variables that have no effect on MySQL and MariaDB, and what to do instead.
_TLS = 'Set the options of its driver instead, such as OPTIONS={"ssl": {"ca": FILE}} in DATABASES.'
_POSTGRES_ONLY = {
    "DATABASE_SSLMODE": _TLS,
    "DATABASE_SSLROOTCERT": _TLS,
    "DATABASE_POOL_SIZE": "Remove it: DATABASE_CONN_MAX_AGE keeps connections open.",
    "DATABASE_PGBOUNCER": "Remove it.",
}

_PARTS = "Set it, or DATABASE_HOST, DATABASE_NAME, DATABASE_USER and DATABASE_PASSWORD."
# Booleans in the query of a URL, which django-environ returns as strings.
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
# The keys of a database that is given in parts.
_PLACE = ("HOST", "PORT", "NAME", "USER", "PASSWORD")

Database = dict[str, Any]


def database(env: Env, name: str = "DATABASE_URL", /, **project: Any) -> Database:
    """Return one database of DATABASES, with timeouts, keepalives and health checks.

    Keyword arguments override the result. OPTIONS and TEST are merged by key, and PostgreSQL's session settings in
    ``OPTIONS["options"]`` are added to the timeouts::

        DATABASES = {
            "default": k8s.database(env, ATOMIC_REQUESTS=True),
            "replica": k8s.database(env, "REPLICA_DATABASE_URL", TEST={"MIRROR": "default"}),
        }

    ``name`` is the variable with the URL. Instead of DATABASE_URL, the parts DATABASE_HOST, DATABASE_NAME and so on may be
    set. The other DATABASE variables apply to every database.

    In debug mode, the default is SQLite in the project's directory. In production, the database must be set, even if it is
    SQLite. The build phase gets a database that is never opened.
    """
    found = with_options(env, from_environment(env, name), project)
    if name == "DATABASE_URL":
        refuse_foreign(env, found)
    merged: dict[str, Any] = {
        key: {**found.get(key, {}), **project[key]} for key in ("OPTIONS", "TEST") if key in project
    }
    result = {**found, **project, **merged}
    if "OPTIONS" in project and result["ENGINE"].endswith(_POSTGRES_FAMILY):
        _add_session(result["OPTIONS"], found["OPTIONS"], project["OPTIONS"])
    if "OPTIONS" in project and result["ENGINE"].endswith(_MYSQL_FAMILY):
        _add_variables(result["OPTIONS"], found["OPTIONS"], project["OPTIONS"])
    return result


def from_environment(env: Env, name: str) -> Database:
    """Return the database from the variable ``name`` (or DATABASE_HOST) as a dictionary with ENGINE, NAME and so on."""
    default = name == "DATABASE_URL"
    url = env.url(name, secret=True)
    host = env.str("DATABASE_HOST") if default else ""
    if url and host:
        # A staging environment sets both, for projects that read either.
        found, parts = _from_url(env, name, url), _from_parts(env, host)
        place = {**found, "PORT": found.get("PORT") or env.int("DATABASE_PORT")}
        if any(place.get(key, "") != parts[key] for key in _PLACE):
            env.add_problem("DATABASE_HOST", "contradicts DATABASE_URL. Set the URL or the parts, not both.")
        return found
    if host:
        return _from_parts(env, host)
    if url:
        return _from_url(env, name, url)
    if env.production:
        env.require(name, _PARTS if default else "Set it to the URL of a database.")
        return {"ENGINE": _NONE}
    file = "db.sqlite3" if default else f"{name.removesuffix('_DATABASE_URL').lower()}.sqlite3"
    env.embed(f"{name} (SQLite in {file})")
    return {"ENGINE": _SQLITE, "NAME": str(env.base_dir / file)}


def check_direct(env: Env) -> None:
    """Record a problem if DATABASE_DIRECT_URL is not the URL of a database on a server."""
    name = "DATABASE_DIRECT_URL"
    if env.url(name, secret=True) and not from_environment(env, name).get("HOST"):
        env.add_problem(name, "names no host. Write it as postgres://user:password@host:5432/name.")


def _from_parts(env: Env, host: str) -> Database:
    # This may be several hosts of a cluster, or the directory of a socket.
    if not all(item.startswith(("/", "@")) or is_host(item) for item in host.split(",")):
        env.add_problem(
            "DATABASE_HOST",
            "is not the name or address of a host. The port is DATABASE_PORT; there is no scheme.",
        )
    for name in ("DATABASE_NAME", "DATABASE_USER"):
        if not env.str(name):
            env.add_problem(name, "is missing. DATABASE_HOST is set, so the database is given in parts.")
    return {
        "ENGINE": _POSTGRES,
        "HOST": host,
        "PORT": env.int("DATABASE_PORT"),
        "NAME": env.str("DATABASE_NAME"),
        "USER": env.str("DATABASE_USER"),
        "PASSWORD": env.str("DATABASE_PASSWORD"),
    }


def _from_url(env: Env, name: str, url: str) -> Database:
    from environ import Env as Environ

    nothing: Database = {"ENGINE": _NONE}
    kind, _, rest = url.partition("://")
    if kind not in Environ.DB_SCHEMES:
        env.add_problem(name, "has an unknown scheme. Write it as postgres://user:password@host:5432/name.")
        return nothing
    # django-environ would ignore a host here and silently open a different file.
    if Environ.DB_SCHEMES[kind].endswith(_SQLITE_FAMILY) and not re.match(r"/[^?]|:memory:", rest):
        env.add_problem(
            name,
            "names no file after sqlite://. Write sqlite:///DIRECTORY/NAME for a file below the project, "
            "sqlite:////DIRECTORY/NAME for one anywhere, sqlite://:memory: for none.",
        )
        return nothing
    try:
        database = dict(Environ.db_url_config(encoded(url)))
    except (ValueError, TypeError):
        env.add_problem(
            name,
            "cannot be read. Write it as postgres://user:password@host:5432/name, or give the parts.",
        )
        return nothing
    if database["ENGINE"].endswith(_SQLITE_FAMILY):
        file = database["NAME"]
        return {
            "ENGINE": database["ENGINE"],
            "NAME": file if file == ":memory:" else str(env.base_dir / file),
            "OPTIONS": database.get("OPTIONS", {}),
        }
    if not database.get("NAME"):
        env.add_problem(
            name,
            "names no database. Add it after the host: postgres://user:password@host:5432/name.",
        )
    options = dict(database.get("OPTIONS", {}))
    if _TRUTH.get(str(options.pop("pool", False)).lower(), True):
        env.add_problem(name, "asks for a pool. Set DATABASE_POOL_SIZE to the number of connections instead.")
    for key in ("CONN_HEALTH_CHECKS", "ATOMIC_REQUESTS", "AUTOCOMMIT", "DISABLE_SERVER_SIDE_CURSORS"):
        if key in database:
            database[key] = _TRUTH.get(str(database[key]).lower(), bool(database[key]))
    if env.is_set("DATABASE_SSLMODE") and options.get("sslmode", mode := env.str("DATABASE_SSLMODE")) != mode:
        env.add_problem("DATABASE_SSLMODE", f"contradicts the sslmode in {name}. Set one of them.")
    if "server_side_binding" in options:  # an option of Django among those of the driver
        options["server_side_binding"] = _TRUTH.get(str(options["server_side_binding"]).lower(), True)
    return {**database, "OPTIONS": options}


def with_options(env: Env, database: Database, project: Mapping[str, Any] | None = None) -> Database:
    """Return ``database`` with timeouts, keepalives and health checks. ``project`` is applied to it later."""
    if database["ENGINE"] == _NONE:
        return database
    if database["ENGINE"].endswith(_SQLITE_FAMILY):
        return {
            **database,
            "OPTIONS": {
                "timeout": 20,
                # Writers wait at BEGIN instead of failing at their first write.
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
                **database.get("OPTIONS", {}),
            },
        }
    role = env.str("ROLE")
    asynchronous = env.str("WEB_INTERFACE") == "asgi" and role in ("", "web")
    mysql = database["ENGINE"].endswith(_MYSQL_FAMILY)
    pool = {} if mysql else _pool(env, role) or pools.asgi_pool(env, {**database, **(project or {})})
    tuned = {
        # Django refuses persistent connections with a pool, and advises against them under ASGI.
        "CONN_MAX_AGE": 0 if pool or asynchronous else env.int("DATABASE_CONN_MAX_AGE"),
        "CONN_HEALTH_CHECKS": True,
        **database,
    }
    if pool:
        tuned["CONN_MAX_AGE"] = 0  # even if the URL sets another value
    if mysql:
        ours, own = _mysql_options(env), database.get("OPTIONS", {})
        tuned["OPTIONS"] = {**ours, **own}
        _add_variables(tuned["OPTIONS"], ours, own)
    if not database["ENGINE"].endswith(_POSTGRES_FAMILY):
        return tuned
    if env.bool("DATABASE_PGBOUNCER"):
        tuned["DISABLE_SERVER_SIDE_CURSORS"] = True
    ours, own = _postgres_options(env), database.get("OPTIONS", {})
    tuned["OPTIONS"] = {**ours, **pool, **own}
    _add_session(tuned["OPTIONS"], ours, own)
    return tuned


def refuse_foreign(env: Env, default: Database) -> None:
    """Record a problem for each variable that has no effect because the default database is MySQL or MariaDB."""
    if default["ENGINE"].endswith(_MYSQL_FAMILY):
        for name, remedy in _POSTGRES_ONLY.items():
            read = {"DATABASE_POOL_SIZE": env.int, "DATABASE_PGBOUNCER": env.bool}.get(name, env.str)
            if read(name):
                env.add_problem(
                    name, f"applies to PostgreSQL, and the default database is MySQL or MariaDB. {remedy}"
                )


def timeouts(env: Env, names: Iterable[str] = TIMEOUTS) -> str:
    """Return the session options for PostgreSQL from these variables."""
    # PgBouncer refuses unknown start-up parameters.
    if env.bool("DATABASE_PGBOUNCER"):
        return ""
    return session(*(f"-c {TIMEOUTS[name]}={env.int(name)}s" for name in names if env.int(name)))


def session(*options: str) -> str:
    """Return session options as one string. If a setting appears twice, PostgreSQL uses the last value."""
    return " ".join(filter(None, options))


def _add_session(merged: dict[str, Any], *parts: Mapping[str, Any]) -> None:
    if options := session(*(part.get("options", "") for part in parts)):
        merged["options"] = options


def _add_variables(merged: dict[str, Any], ours: Mapping[str, Any], own: Mapping[str, Any]) -> None:
    """Merge two ``SET`` commands, as a driver executes only one. Any other command of the project replaces ours."""
    before, after = ours.get("init_command", ""), own.get("init_command", "")
    if before and re.match(r"(?i)set\s(?!.*\btransaction\b)[^;]*$", after):
        merged["init_command"] = f"{before}, {after[3:].strip()}"


def _pool(env: Env, role: str) -> dict[str, Any]:
    size = env.int("DATABASE_POOL_SIZE")
    if not size:
        return {}
    if not pools.available():
        env.add_problem(
            "DATABASE_POOL_SIZE",
            "needs psycopg 3 with its pool. Add the extra django-k8s-toolkit[postgres], or set it to 0.",
        )
    if size < env.int("WEB_THREADS"):
        env.add_problem(
            "DATABASE_POOL_SIZE",
            "is smaller than WEB_THREADS, so requests wait for a connection. Set it to at least WEB_THREADS.",
        )
    if role in ("worker", "beat"):
        # Celery closes the pool after every task. With CELERY_DB_REUSE_MAX, it keeps a connection instead.
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
    if session_options := timeouts(env):
        options["options"] = session_options
    return options


def _mysql_options(env: Env) -> dict[str, Any]:
    options: dict[str, Any] = {"connect_timeout": env.int("DATABASE_CONNECT_TIMEOUT_SECONDS")}
    limits = []
    if lock := env.int("DATABASE_LOCK_TIMEOUT_SECONDS"):
        limits += [f"lock_wait_timeout={lock}", f"innodb_lock_wait_timeout={lock}"]
    if statement := env.int("DATABASE_STATEMENT_TIMEOUT_SECONDS"):
        # MariaDB executes only the first comment and MySQL only the second. In MySQL, it limits only SELECT.
        limits += [
            f"/*M! max_statement_time={statement} */ /*!50708 max_execution_time={statement * 1000} */"
        ]
    if limits:
        options["init_command"] = f"SET {', '.join(limits)}"
    return options
