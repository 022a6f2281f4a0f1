"""System checks for mistakes that break a deployment. Each has a number.

Errors stop every command of Django. ``manage.py check --deploy``, which the role ``check`` runs, shows warnings too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.utils.module_loading import import_string

from django_k8s import conf, upstream
from django_k8s.celery import application
from django_k8s.checks import paths, uploads
from django_k8s.checks.messages import MESSAGES
from django_k8s.environment import masking
from django_k8s.settings.foreign_variables import INSTEAD

KUBERNETES = "django_k8s.middleware.KubernetesMiddleware"
KUBERNETES_NAMES = (KUBERNETES, "django_k8s.middleware.kubernetes.KubernetesMiddleware")
HEALTH = "django_k8s.middleware.health.HealthMiddleware"
STATIC = "django_k8s.middleware.StaticFilesMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
PROXY = "django_k8s.middleware.trusted_proxy.TrustedProxyMiddleware"
REQUEST_ID = "django_k8s.middleware.request_id.RequestIdMiddleware"
METRICS = "django_k8s.middleware.metrics.MetricsMiddleware"
STATIC_FILES = (STATIC, "django_k8s.middleware.static_files.StaticFilesMiddleware", WHITENOISE)
PARTS = {HEALTH, REQUEST_ID, METRICS, PROXY}  # of KubernetesMiddleware

# A check yields messages. Django passes the selected apps, which do not matter here.
Check = Callable[[], Iterator[CheckMessage]]


def _message(number: str, **words: str) -> CheckMessage:
    found = MESSAGES[number]
    kind = checks.Error if number.startswith("E") else checks.Warning
    return kind(found.message.format(**words), hint=found.hint.format(**words), id=f"django_k8s.{number}")


def _always(check: Check) -> Check:
    def run(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
        return list(check())

    register(run, Tags.compatibility)
    return check


def _deployed(check: Check) -> Check:
    """Register a check that runs only for deployments, and only if DEBUG is off."""

    def run(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
        return [] if settings.DEBUG else list(check())

    register(run, Tags.security, deploy=True)
    return check


def _middleware() -> list[str]:
    """Return MIDDLEWARE without the entry that OpenTelemetry adds in front."""
    return [name for name in settings.MIDDLEWARE if not name.startswith("opentelemetry.")]


def _position(*names: str) -> int | None:
    return next((index for index, name in enumerate(_middleware()) if name in names), None)


@_always
def check_middleware() -> Iterator[CheckMessage]:
    """Check that the middleware for probes, proxies and static files is there and in the right order."""
    first, static, security = (
        _position(*KUBERNETES_NAMES, HEALTH),
        _position(*STATIC_FILES),
        _position(SECURITY),
    )
    proxy, metrics = _position(PROXY), _position(METRICS)
    if first is None:
        yield _message("E001")
    elif first != 0:
        yield _message("E002", name=_middleware()[first].rpartition(".")[2])
    if static is not None and security is not None and static != security + 1:
        yield _message("E003")
    if set(KUBERNETES_NAMES) & set(settings.MIDDLEWARE):
        for name in PARTS & set(settings.MIDDLEWARE):
            yield _message("E011", name=name.rpartition(".")[2])
        return
    if proxy is not None and security is not None and proxy > security:
        yield _message("E004")
    if metrics is not None and not set(_middleware()[:metrics]) <= PARTS:
        yield _message("E010")


@_always
def check_health() -> Iterator[CheckMessage]:
    """Check the configuration of health checks and of liveness."""
    from django_k8s.health import BUILT_IN_CHECKS

    for name in conf.current().readiness_checks:
        if name not in BUILT_IN_CHECKS and not _importable(name):
            yield _message("E005", name=repr(name), known=", ".join(sorted(BUILT_IN_CHECKS)))
    if "LIVENESS_CHECKS" in os.environ:
        yield _message("E006")
    config = conf.current()
    timeouts = {
        "DATABASE_CONNECT_TIMEOUT_SECONDS": config.database_connect_timeout_seconds,
        "DATABASE_STATEMENT_TIMEOUT_SECONDS": config.database_statement_timeout_seconds,
        "DATABASE_LOCK_TIMEOUT_SECONDS": config.database_lock_timeout_seconds,
    }
    stall = config.stall_seconds
    # 0 means no limit.
    longer = [name for name, seconds in timeouts.items() if stall and (seconds >= stall or not seconds)]
    if longer:
        yield _message("E007", longer=" and ".join(longer))


def _importable(name: str) -> bool:
    try:
        return callable(import_string(name))
    except ImportError:
        return False


@_always
def check_settings() -> Iterator[CheckMessage]:
    """Check settings that contradict each other, or that Django no longer reads."""
    for alias, database in settings.DATABASES.items():
        if "pool" in database.get("OPTIONS", {}) and database.get("CONN_MAX_AGE", 0) != 0:
            yield _message("E008", alias=repr(alias))
    old = hasattr(settings, "STATICFILES_STORAGE") or hasattr(settings, "DEFAULT_FILE_STORAGE")
    if old and not uploads.storages_are_named():
        yield _message("E009")


@_deployed
def check_proxy() -> Iterator[CheckMessage]:
    """Check whose headers are trusted, and which hosts are served."""
    proxies = conf.current().trusted_proxies
    header = settings.SECURE_PROXY_SSL_HEADER
    if header and not proxies:
        yield _message("W001")
    if "*" in proxies:
        yield _message("W002")
    if settings.SESSION_COOKIE_SECURE and not (settings.CSRF_TRUSTED_ORIGINS or header or proxies):
        yield _message("W003")
    if "*" in settings.ALLOWED_HOSTS:
        yield _message("W004")


@_deployed
def check_shared_state() -> Iterator[CheckMessage]:
    """Check for state that pods would not share."""
    if any(database["ENGINE"].endswith("sqlite3") for database in settings.DATABASES.values()):
        yield _message("W005")
    local_memory = "locmem" in settings.CACHES.get("default", {}).get("BACKEND", "")
    if local_memory and _uses_cache():
        yield _message("W006")
    fields = sorted(uploads.fields_on_this_pod())
    if fields:
        yield _message("W007", fields=", ".join(fields))
    if settings.SESSION_ENGINE.endswith(".file"):
        yield _message("W008")
    if settings.SESSION_ENGINE.endswith(".cache") and local_memory:
        yield _message("W009")
    if settings.SESSION_ENGINE.endswith(".cache") and _fails_softly(settings.SESSION_CACHE_ALIAS):
        yield _message("W025")


def _fails_softly(alias: str) -> bool:
    cache = settings.CACHES.get(alias, {})
    # The option is django-redis'.
    return "django_k8s.cache." in cache.get("BACKEND", "") or bool(
        cache.get("OPTIONS", {}).get("IGNORE_EXCEPTIONS")
    )


@_deployed
def check_uploads() -> Iterator[CheckMessage]:
    """Check for uploads on a volume that nothing serves."""
    if reason := uploads.unserved():
        yield _message("W024", reason=reason)


def _uses_cache() -> bool:
    """Return whether the settings themselves use the default cache.

    Calls of ``cache.get`` in views do not count, because nobody knows what they are for.
    """
    return (
        settings.SESSION_ENGINE.endswith(".cached_db")
        or "cache" in conf.current().readiness_checks
        or any(name.startswith("django.middleware.cache.") for name in settings.MIDDLEWARE)
    )


@_deployed
def check_pooler() -> Iterator[CheckMessage]:
    """Check for timeouts that must be set in the database because of a pooler."""
    if conf.current().database_pgbouncer and conf.current().stall_seconds:
        yield _message("W019")


@_deployed
def check_files() -> Iterator[CheckMessage]:
    """Check that static files and media are stored as production needs them."""
    if "Manifest" not in settings.STORAGES.get("staticfiles", {}).get("BACKEND", ""):
        yield _message("W011")
    elif settings.STATIC_ROOT and not Path(settings.STATIC_ROOT, "staticfiles.json").is_file():
        yield _message("W012")
    if where := uploads.key_in_environment():
        yield _message("W013", where=where)


@_deployed
def check_celery() -> Iterator[CheckMessage]:
    """Check for delivery settings that lose or repeat tasks."""
    try:
        conf = application.find().app.conf
    except application.NoApplication as error:
        if getattr(settings, "CELERY", None) is not None:
            yield _message("W020", why=str(error))
        return
    options, url, limit = conf.broker_transport_options, str(conf.broker_write_url), conf.task_time_limit or 0
    if url.startswith(("filesystem", "memory")):
        yield _message("W010")
    if url.startswith("redis") and not options.get("socket_timeout"):
        yield _message("W014")
    if url.startswith(("redis", "sqs")) and limit >= options.get("visibility_timeout", 3600):
        yield _message("W015")


@_deployed
def check_email() -> Iterator[CheckMessage]:
    """Check for mail that is not sent."""
    mailers = getattr(settings, "MAILERS", None)
    if mailers is None:
        backend = settings.EMAIL_BACKEND
        if backend == "django_k8s.mail.EmailBackend":
            backend = conf.current().mailer["BACKEND"]
    else:  # Django 6.1 then has no EMAIL_BACKEND
        backend = mailers.get("default", {}).get("BACKEND", "")
    if "console" in backend:
        yield _message("W016")


@_deployed
def check_variables() -> Iterator[CheckMessage]:
    """Check for variables of other frameworks or platforms, which have no effect."""
    for name in conf.current().without_effect:
        yield _message("W021", name=name, instead=INSTEAD[name])


@_deployed
def check_secrets() -> Iterator[CheckMessage]:
    """Check for secrets that cannot be masked in logs."""
    names = list(conf.current().common_secrets)
    if not any("DATABASE" in name for name in names):  # else it is the same password
        names += [
            f"the password of the database {alias!r}"
            for alias, database in settings.DATABASES.items()
            if masking.is_common(str(database.get("PASSWORD") or ""))
        ]
    for name in names:
        yield _message("W023", name=name)


@_deployed
def check_paths() -> Iterator[CheckMessage]:
    """Check for settings with a path that cannot be written."""
    for name, path in paths.unwritable():
        yield _message("W026", name=name, path=str(path))


@_deployed
def check_releases() -> Iterator[CheckMessage]:
    """Check for untested releases of libraries whose undocumented names we use."""
    for library in upstream.untested():
        yield _message("W022", **library._asdict())


@_deployed
def check_observability() -> Iterator[CheckMessage]:
    """Check for metrics and logs that are on, but not configured in the settings."""
    if conf.current().metrics and _position(*KUBERNETES_NAMES, METRICS) is None:
        yield _message("W017")
    formatters = (settings.LOGGING or {}).get("formatters", {}).values()
    if conf.current().log_format == "json" and not any(
        str(formatter.get("()", "")).startswith("django_k8s.") for formatter in formatters
    ):
        yield _message("W018")
