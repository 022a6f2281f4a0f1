"""Django's settings, made from the environment."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "settings: any password reaches the database",
        test="settings/test_settings.py::TestAddresses::test_any_password",
        old="return f\"{match['scheme']}://{match['user']}:{password}@{match['rest']}\"",
        new="return url",
    ),
    Row(
        "settings: false in a query is False",
        test="settings/test_settings.py::TestDatabases::test_query_values_have_types",
        old="_TRUTH.get(str(database[key]).lower(), bool(database[key]))",
        new="bool(database[key])",
    ),
    Row(
        "settings: TLS to Redis is verified",
        test="settings/test_settings.py::TestCaches::test_redis_tls_is_verified",
        old='"ssl_cert_reqs": "required"',
        new='"ssl_cert_reqs": "none"',
    ),
    Row(
        "settings: a missing key is a problem",
        test="settings/test_production.py::test_what_is_missing_is_named",
        within="secret_key",
        old="env.require(",
        new="str.join(",
    ),
    Row(
        "settings: missing hosts are a problem",
        test="settings/test_production.py::test_what_is_missing_is_named",
        old='env.require("ALLOWED_HOSTS")',
        new="pass",
    ),
    Row(
        "settings: a missing database is a problem",
        test="settings/test_production.py::test_what_is_missing_is_named",
        old='env.require(name, "" if default else "Set it to the URL of a database.")',
        new="pass",
    ),
    Row(
        "settings: a short key is refused",
        test="settings/test_settings.py::TestSecurity::test_weak_key",
        old="len(key) < _SHORTEST_KEY",
        new="False",
    ),
    Row(
        "settings: the key of startproject is refused",
        test="settings/test_settings.py::TestSecurity::test_weak_key",
        old='key.startswith("django-insecure-")',
        new="False",
    ),
    Row(
        "settings: former keys are accepted",
        test="settings/test_production.py::test_secure_by_default",
        old='env.list("SECRET_KEY_FALLBACKS", secret=True)',
        new="[]",
    ),
    Row(
        "settings: no host is allowed that is not named",
        test="settings/test_production.py::test_build_phase_allows_no_host",
        old="if not hosts and env.debug:",
        new="if not hosts:",
    ),
    Row(
        "settings: cookies are for HTTPS only in production",
        test="settings/test_settings.py::TestSecurity::test_production",
        old='env.bool("HTTPS", env.production)',
        new='env.bool("HTTPS", False)',
    ),
    Row(
        "settings: HSTS is on",
        test="settings/test_production.py::test_secure_by_default",
        old='env.int("HSTS_SECONDS") if https(env) else 0',
        new="0",
    ),
    Row(
        "settings: a redirect that never ends is refused",
        test="settings/test_settings.py::TestSecurity::test_no_redirect_without_proxies",
        old="if redirect and not proxies:",
        new="if False:",
    ),
    Row(
        "settings: origins come from the hosts",
        test="settings/test_settings.py::TestSecurity::test_production",
        old='origins(env.list("ALLOWED_HOSTS")) if https(env) else []',
        new="[]",
    ),
    Row(
        "settings: an origin needs a scheme",
        test="settings/test_settings.py::TestSecurity::test_bad_items",
        old='if any("://" not in origin for origin in given):',
        new="if False:",
    ),
    Row(
        "settings: a silent database is given up",
        test="settings/test_settings.py::TestDatabases::test_connections_survive_failures",
        within="_postgres_options",
        old="**KEEPALIVES,",
        new="",
    ),
    Row(
        "settings: connections are checked before they are used again",
        test="settings/test_settings.py::TestDatabases::test_connections_survive_failures",
        old='"CONN_HEALTH_CHECKS": True',
        new='"CONN_HEALTH_CHECKS": False',
    ),
    Row(
        "settings: writers of SQLite queue up",
        test="settings/test_settings.py::TestDatabases::test_sqlite_is_the_default_while_debugging",
        old='"transaction_mode": "IMMEDIATE",',
        new="",
    ),
    Row(
        "settings: under ASGI no connection is kept",
        test="settings/test_settings.py::TestDatabases::test_asgi_keeps_no_connections",
        old="0 if pool or asynchronous else",
        new="0 if pool else",
    ),
    Row(
        "settings: a pooler gets no session settings",
        test="settings/test_settings.py::TestDatabases::test_pgbouncer",
        old='if session and not env.bool("DATABASE_PGBOUNCER"):',
        new="if session:",
    ),
    Row(
        "settings: Memcached has timeouts",
        test="settings/test_production.py::test_memcached_has_time_outs",
        within="_memcached",
        old="**MEMCACHED_OPTIONS,",
        new="",
    ),
    Row(
        "settings: a cache that cannot work is refused",
        test="settings/test_settings.py::TestCaches::test_what_cannot_work",
        old="if kind not in _OTHERS:",
        new="if False:",
    ),
    Row(
        "settings: environments share a cache by prefix",
        test="settings/test_settings.py::TestCaches::test_prefix",
        old='{**config, "KEY_PREFIX": prefix} if prefix else config',
        new="config",
    ),
    Row(
        "settings: the mail server has a timeout",
        test="settings/test_settings.py::TestEmail::test_address",
        old='"timeout": _TIMEOUT',
        new='"timeout": None',
    ),
    Row(
        "settings: any password reaches the mail server",
        test="settings/test_settings.py::TestEmail::test_a_mail_arrives",
        old="email_url_config(encoded(url))",
        new="email_url_config(url)",
    ),
    Row(
        "settings: LOG_LEVEL is the level",
        test="settings/test_settings.py::test_logging_is_valid",
        old='"root": {"handlers": ["stdout"], "level": level}',
        new='"root": {"handlers": ["stdout"], "level": "INFO"}',
    ),
    Row(
        "settings: uploads go where MEDIA_ROOT says",
        test="settings/test_production.py::test_uploads_go_where_media_root_says",
        old='env.str("MEDIA_ROOT", str(env.base_dir / "media"))',
        new='str(env.base_dir / "media")',
    ),
    Row(
        "settings: links to private uploads are signed",
        test="settings/test_settings.py::TestFiles::test_private_bucket",
        old='"querystring_auth": not public',
        new='"querystring_auth": False',
    ),
    Row(
        "settings: static files have hashed names in production",
        test="settings/test_settings.py::TestFiles::test_storages",
        within="static_storage",
        old="if env.debug:",
        new="if True:",
    ),
    Row(
        "settings: no folder is made while an image is built",
        test="settings/test_settings.py::TestCelery::test_the_build_phase_makes_no_folder",
        within="_folders",
        old="if not env.build:",
        new="if True:",
    ),
]
