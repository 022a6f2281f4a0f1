"""Names of Django: for our own database connections, and for responses that are not logged.

They are stable, but not documented.
"""

from __future__ import annotations

from functools import partial

from django_k8s.upstream.name import Name

_WRAPPER = "django.db.backends.base.base:BaseDatabaseWrapper"
_CONNECTIONS = "django.utils.connection:BaseConnectionHandler"

_connections = partial(Name, used_by="database.connections")
_apply = partial(Name, used_by="migrate.apply")
_migrations = partial(Name, used_by="health.migrations")

NAMES = (
    # Our own connections
    _connections(
        "django.db.utils:load_backend",
        why="makes a connection that nothing else in the process knows",
        breaks="health checks, migrations and beat's lock fail",
        call="backend_name",
    ),
    _connections(
        _WRAPPER,
        why="made with settings of our own",
        breaks="health checks, migrations and beat's lock fail",
        call="settings_dict, alias",
    ),
    _connections(
        f"{_WRAPPER}.init_connection_state",
        why="replaced, so that the session has its variables however often it is opened",
        breaks="a lost connection keeps its lock for minutes",
        call="",
        read_by=f"{_WRAPPER}.connect",
    ),
    _connections(
        f"{_CONNECTIONS}.settings",
        why="the settings of an alias, with Django's defaults",
        breaks="health checks, migrations and beat's lock fail",
    ),
    _connections(
        f"{_CONNECTIONS}.__setitem__",
        why="Django's commands look the connection up by its alias",
        breaks="migrations run on a connection without the lock",
        call="key, value",
    ),
    *(
        Name(
            f"{wrapper}.{name}",
            used_by="database.read_only",
            why=why,
            breaks="connections to a server that takes no writes any more are kept",
            read_by=f"{_WRAPPER}.{reader}",
        )
        for wrapper, name, why, reader in (
            (_WRAPPER, "execute_wrappers", "sees the write that is refused", "execute_wrapper"),
            (_WRAPPER, "close_at", "ends the connection with the request", "close_if_unusable_or_obsolete"),
            (_WRAPPER, "_close", "replaced once, to close a session that a pool would keep", "close"),
        )
    ),
    Name(
        f"{_WRAPPER}.settings_dict",
        used_by="health.database",
        why="limits for this connection alone",
        breaks="a health check waits as long as a request does",
        read_by="django.db.backends.postgresql.base:DatabaseWrapper.get_connection_params",
    ),
    Name(
        f"{_WRAPPER}.connection",
        used_by="health.database",
        why="the driver's connection, whose socket is shut down when a server freezes",
        breaks="the thread of a health check hangs until the server is back",
        read_by=f"{_WRAPPER}.connect",
    ),
    Name(
        "django.db.backends.postgresql.base:DatabaseWrapper._connection_pools",
        used_by="gunicorn.database_connections",
        why="the pools of this process, for metrics",
        breaks="the heartbeat fails where there is a pool",
        read_by="django.db.backends.postgresql.base:DatabaseWrapper.pool",
    ),
    Name(
        "django.db.backends.postgresql.base:DatabaseWrapper.close_pool",
        used_by="gunicorn.database_connections",
        why="a pool must not cross a fork, and its threads hold up an exit",
        breaks="a process takes 20 seconds more to end",
        call="",
    ),
    # Migrations
    *(
        _migrations(path, why="which migrations are missing", breaks="/readyz and wait fail", call=call)
        for path, call in (
            ("django.db.migrations.executor:MigrationExecutor", "connection"),
            ("django.db.migrations.executor:MigrationExecutor.migration_plan", "targets"),
            ("django.db.migrations.executor:MigrationExecutor.loader", None),
            ("django.db.migrations.loader:MigrationLoader.graph", None),
            ("django.db.migrations.graph:MigrationGraph.leaf_nodes", ""),
            ("django.db.migrations.recorder:MigrationRecorder", "connection"),
            ("django.db.migrations.recorder:MigrationRecorder.applied_migrations", ""),
        )
    ),
    _apply(
        "django.db.backends.base.features:BaseDatabaseFeatures.can_rollback_ddl",
        why="whether a failed migration left nothing behind",
        breaks="a failed migration is reported with a traceback",
    ),
    # Caches
    Name(
        "django.core.cache.backends.redis:RedisCache",
        used_by="health.cache",
        why="a client of the health check's own, with its own timeouts",
        breaks="the health check of caches fails",
        call="server, params",
    ),
    Name(
        "django.core.cache.backends.redis:RedisCache._cache",
        used_by="health.cache",
        why="a cached property: there is a client only if it was used",
        breaks="connections stay open until the garbage collector runs",
        kind="django.utils.functional:cached_property",
    ),
    Name(
        "django.core.cache.backends.redis:RedisCacheClient._pools",
        used_by="health.cache",
        why="Django's Redis cache closes no connection",
        breaks="connections stay open until the garbage collector runs",
        read_by="django.core.cache.backends.redis:RedisCacheClient._get_connection_pool",
    ),
    # Requests and responses
    Name(
        "*:_has_been_logged",
        used_by="middleware.health",
        why="a probe's 503 is no error to report",
        breaks="every 503 of a probe is mailed to ADMINS",
        read_by="django.utils.log:log_response",
    ),
    Name(
        "django.http.response:FileResponse.file_to_stream",
        used_by="middleware.static_files",
        why="a static file is streamed under ASGI",
        breaks="static files fail under ASGI",
    ),
    Name(
        "django.core.handlers.wsgi:WSGIRequest",
        used_by="health.page",
        why="a request in this process, for READINESS_PAGE",
        breaks="READINESS_PAGE fails",
        call="environ",
    ),
    Name(
        "django.core.handlers.asgi:ASGIRequest",
        used_by="health.page",
        why="a request in this process, for READINESS_PAGE",
        breaks="READINESS_PAGE fails",
        call="scope, body_file",
    ),
    Name(
        "asgiref.sync:ThreadSensitiveContext",
        used_by="health.page",
        why="Django's handler does the same for each request",
        breaks="READINESS_PAGE fails",
        call="",
    ),
    Name(
        "asgiref.sync:SyncToAsync.context_to_thread_executor",
        used_by="gunicorn.request_threads",
        why="the thread of a request, which is kept for the next one",
        breaks="requests fail under ASGI",
        read_by="asgiref.sync:SyncToAsync.__call__",
    ),
    Name(
        "django.core.handlers.base:BaseHandler.load_middleware",
        used_by="middleware.one_thread",
        why="the middleware once more, for sync views under ASGI",
        breaks="web does not start under ASGI",
        call="",
    ),
    Name(
        "django.core.handlers.base:BaseHandler.get_response",
        used_by="middleware.one_thread",
        why="answers with this middleware",
        breaks="sync views fail under ASGI",
        call="request",
    ),
    Name(
        "django.urls:get_resolver",
        used_by="gunicorn.configuration",
        why="the URLconf is imported before the first fork",
        breaks="the first request of each process is slow",
        call="",
    ),
    Name(
        "django.urls.resolvers:URLResolver.url_patterns",
        used_by="gunicorn.configuration",
        why="imports the URLconf",
        breaks="the first request of each process is slow",
        kind="django.utils.functional:cached_property",
    ),
    # The rest
    Name(
        "django.core.files.storage:InvalidStorageError",
        used_by="checks.uploads",
        why="a storage that cannot be made is reported by Django",
        breaks="manage.py check ends with a traceback",
    ),
    Name(
        "django.views.debug:SafeExceptionReporterFilter.cleanse_setting",
        used_by="error_reports",
        why="masks secrets in settings and headers",
        breaks="an error report shows a secret",
        call="key, value",
        read_by="django.views.debug:SafeExceptionReporterFilter.get_safe_settings",
    ),
    Name(
        "django.contrib.staticfiles.storage:HashedFilesMixin.hashed_name",
        used_by="static_files.storage",
        why="a missing source map is no error",
        breaks="collectstatic fails at a missing source map",
        call="name, content=, filename=",
        read_by="django.contrib.staticfiles.storage:HashedFilesMixin._stored_name",
    ),
)
