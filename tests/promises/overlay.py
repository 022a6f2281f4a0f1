"""Settings on top of a project's own."""

from __future__ import annotations

from promises.row import Row

ROWS = [
    Row(
        "overlay: the gate is the first app",
        test="overlay/test_overlay.py::TestApps::test_apps",
        old="[*(_APPS[:1] if missing else ()), *project]",
        new="[*project, *(_APPS[:1] if missing else ())]",
    ),
    Row(
        "overlay: probes come first",
        test="overlay/test_overlay.py::TestApps::test_middleware",
        old="[_FIRST, *rest]",
        new="[*rest, _FIRST]",
    ),
    Row(
        "overlay: WhiteNoise's own middleware is replaced",
        test="overlay/test_overlay.py::TestApps::test_middleware",
        old="if name not in _SERVERS]",
        new="if name != _STATIC]",
    ),
    Row(
        "overlay: static files may be served by others",
        test="overlay/test_overlay.py::TestApps::test_static_files_by_others",
        old='if static_files and importlib.util.find_spec("whitenoise"):',
        new='if importlib.util.find_spec("whitenoise"):',
    ),
    Row(
        "overlay: a database gets timeouts and health checks",
        test="overlay/test_overlay.py::TestDatabases::test_stays_where_it_is",
        old="result = tuned(env, own)",
        new="result = {**own}",
    ),
    Row(
        "overlay: options of the project's database stay",
        test="overlay/test_overlay.py::TestDatabases::test_url",
        old='{**location.get("OPTIONS", {}), **own["OPTIONS"]}',
        new='{**own["OPTIONS"], **location.get("OPTIONS", {})}',
    ),
    Row(
        "overlay: a database variable that is set wins",
        test="overlay/test_overlay.py::TestDatabases::test_a_variable_that_is_set_wins",
        old="for setting in filter(env.is_set, _OVERRULED):",
        new="for setting in ():",
    ),
    Row(
        "overlay: session options of the project and ours are in force",
        test="overlay/test_overlay.py::TestDatabases::test_session",
        old='" ".join([session, *(f"-c {item}" for item in added)])',
        new="session",
    ),
    Row(
        "overlay: the project's own settings stay as they are",
        test="overlay/test_in_place.py::test_the_project_s_settings_stay_as_they_are",
        within="_database",
        old='dict(project.get("OPTIONS") or {})',
        new='project.get("OPTIONS") or {}',
    ),
    Row(
        "overlay: each alias has a variable of its own",
        test="overlay/test_overlay.py::TestDatabases::test_further_aliases",
        old='name if alias == "default" else',
        within="variable",
        new="name if True else",
    ),
    Row(
        "overlay: a cache on Redis gets timeouts",
        test="overlay/test_overlay.py::TestCaches::test_redis",
        old="return {**redis_options(env, url), **own}",
        new="return own",
    ),
    Row(
        "overlay: options of the project's cache stay",
        test="overlay/test_overlay.py::TestCaches::test_options",
        old='{**pool, **own.get("CONNECTION_POOL_KWARGS", {})}',
        new='{**own.get("CONNECTION_POOL_KWARGS", {}), **pool}',
    ),
    Row(
        "overlay: a Redis on localhost gives way to REDIS_URL",
        test="overlay/test_overlay.py::TestRedis::test_broker",
        old='_HERE = (None, "localhost", "127.0.0.1", "::1")',
        new="_HERE = ()",
    ),
    Row(
        "overlay: a Redis elsewhere stays",
        test="overlay/test_overlay.py::TestRedis::test_broker",
        old="urlsplit(url).hostname not in _HERE",
        new="False",
    ),
    Row(
        "overlay: storage classes of the project stay",
        test="overlay/test_overlay.py::TestFiles::test_own_classes_stay",
        old='if static.get("BACKEND", "") in _STATIC and not env.debug:',
        new="if not env.debug:",
    ),
    Row(
        "overlay: a bucket variable that is set wins",
        test="overlay/test_overlay.py::TestFiles::test_bucket",
        within="_bucket",
        old="{**own, **chosen}",
        new="{**chosen, **own}",
    ),
    Row(
        "overlay: AWS_* settings of the project stay",
        test="overlay/test_overlay.py::TestFiles::test_aws_settings_stay",
        within="_bucket",
        old="if key in decided",
        new="",
    ),
    Row(
        "overlay: files are where the image and the volume are",
        test="overlay/test_overlay.py::TestFiles::test_roots",
        old="type(project)(folder) if folder else project",
        new="project",
    ),
    Row(
        "overlay: each record is one line",
        test="overlay/test_logging.py::test_each_record_is_one_line",
        old="if record in self._written:",
        new="if False:",
    ),
    Row(
        "overlay: lines of servers that were there before stay",
        test="overlay/test_logging.py::test_levels_filters_and_silence_stay",
        old='"disable_existing_loggers": False, "formatters": {**project',
        new='"disable_existing_loggers": True, "formatters": {**project',
    ),
    Row(
        "overlay: what went to a file goes to standard output",
        test="overlay/test_logging.py::test_each_record_is_one_line",
        old='device or name in _WRITERS or "filename" in handler',
        new="False",
    ),
    Row(
        "overlay: Django's mail to ADMINS stays",
        test="overlay/test_logging.py::test_django_as_it_comes",
        old='{**ours["loggers"]["django"], "handlers": [_MAIL]}',
        new='ours["loggers"]["django"]',
    ),
    Row(
        "overlay: EMAIL_URL replaces the default mailer alone",
        test="overlay/test_overlay.py::TestMail::test_mailers",
        old="{**{alias: dict(mailer) for alias, mailer in project.items()}, **named}",
        new="named or dict(project)",
    ),
    Row(
        "overlay: before Django 6.1 mail goes where EMAIL_URL says",
        test="overlay/test_overlay.py::TestMail::test_backend",
        old='"django_k8s.mail.EmailBackend" if env.is_set("EMAIL_URL") else project',
        new="project",
    ),
    Row(
        "overlay: a key for development is refused",
        test="overlay/test_overlay.py::TestSecurity::test_secret_key",
        old='if env.production and project.startswith("django-insecure-"):',
        new="if False:",
    ),
    Row(
        "overlay: ALLOWED_HOSTS wins",
        test="overlay/test_overlay.py::TestSecurity::test_hosts",
        old='env.list("ALLOWED_HOSTS") or list(project) or',
        new="list(project) or",
    ),
    Row(
        "overlay: a cluster without TLS has no secure cookies",
        test="overlay/test_overlay.py::TestSecurity::test_https",
        old='k8s.https(env) if env.is_set("HTTPS") else project',
        new="project",
    ),
    Row(
        "overlay: without HTTPS no cookie keeps a secure name",
        test="overlay/test_overlay.py::TestSecurity::test_cookie_names",
        old='project.removeprefix("__Secure-").removeprefix("__Host-")',
        new="project",
    ),
    Row(
        "overlay: a redirect that never ends is refused",
        test="overlay/test_overlay.py::TestSecurity::test_redirect",
        old="if redirect and env.production and not (",
        new="if False and not (",
    ),
    Row(
        "overlay: no header of any client is believed",
        test="overlay/test_overlay.py::TestSecurity::test_proxy_header",
        old='None if env.is_set("TRUSTED_PROXIES") else project',
        new="project",
    ),
    Row(
        "overlay: variables that the project reads are not reported",
        test="overlay/test_overlay.py::test_variables_of_the_project",
        old='{"without_effect": (), **project}',
        new="project",
    ),
]
