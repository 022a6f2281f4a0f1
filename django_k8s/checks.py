"""System checks: the mistakes that break a deployment, each with a number of its own.

Errors stop every command of Django; warnings with the tag ``deploy`` appear with
``manage.py check --deploy``, which the ``check`` role runs. Health checks, which test a dependency
while the site runs, are something else: see :mod:`django_k8s.health`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.utils.module_loading import import_string

from django_k8s import conf

HEALTH = "django_k8s.health.middleware.HealthMiddleware"
STATIC = "django_k8s.static.StaticFilesMiddleware"
WHITENOISE = "whitenoise.middleware.WhiteNoiseMiddleware"
SECURITY = "django.middleware.security.SecurityMiddleware"
PROXY = "django_k8s.proxy.TrustedProxyMiddleware"

Messages = list[CheckMessage]


def _error(number: int, message: str, hint: str) -> CheckMessage:
    return checks.Error(message, hint=hint, id=f"django_k8s.E{number:03d}")


def _warning(number: int, message: str, hint: str) -> CheckMessage:
    return checks.Warning(message, hint=hint, id=f"django_k8s.W{number:03d}")


def _position(*names: str) -> int | None:
    for index, name in enumerate(settings.MIDDLEWARE):
        if name in names:
            return index
    return None


@register(Tags.compatibility)
def check_middleware(app_configs: Sequence[Any] | None, **kwargs: Any) -> Messages:
    """The middleware of probes, proxies and static files, each in its place."""
    found: Messages = []
    health, static, security, proxy = (
        _position(HEALTH), _position(STATIC, WHITENOISE), _position(SECURITY), _position(PROXY)
    )  # fmt: skip
    if health is None:
        found.append(
            _error(
                1, "HealthMiddleware is not in MIDDLEWARE, so no probe is answered.", f"Put {HEALTH!r} first."
            )
        )
    elif health != 0:
        found.append(
            _error(
                2,
                "HealthMiddleware is not first in MIDDLEWARE: what stands before it may redirect or refuse a probe.",
                f"Move {HEALTH!r} to the top.",
            )
        )
    if static is not None and security is not None and static != security + 1:
        found.append(
            _error(
                3,
                "WhiteNoise does not come right after SecurityMiddleware.",
                f"Move {settings.MIDDLEWARE[static]!r} to the place after {SECURITY!r}.",
            )
        )
    if proxy is not None and security is not None and proxy > security:
        found.append(
            _error(
                4,
                "TrustedProxyMiddleware comes after SecurityMiddleware.",
                f"Move {PROXY!r} to the place after HealthMiddleware.",
            )
        )
    return found


@register(Tags.compatibility)
def check_health(app_configs: Sequence[Any] | None, **kwargs: Any) -> Messages:
    """The configuration of health checks and of liveness."""
    from django_k8s.health import CHECKS

    found: Messages = []
    for name in conf.value("READINESS_CHECKS"):
        if name in CHECKS:
            continue
        try:
            import_string(name)
        except ImportError:
            known = ", ".join(sorted(CHECKS))
            found.append(
                _error(
                    5,
                    f"READINESS_CHECKS names {name!r}, which is no health check.",
                    f"Use {known}, or the dotted path of your own.",
                )
            )
    if hasattr(settings, "K8S_LIVENESS_CHECKS") or "LIVENESS_CHECKS" in os.environ:
        found.append(
            _error(
                6,
                "LIVENESS_CHECKS is set, but liveness never tests a dependency: one that is away would restart every pod at once.",
                "Take it away, and name the checks in READINESS_CHECKS.",
            )
        )
    stall = conf.value("STALL_SECONDS")
    names = (
        "DATABASE_CONNECT_TIMEOUT_SECONDS",
        "DATABASE_STATEMENT_TIMEOUT_SECONDS",
        "DATABASE_LOCK_TIMEOUT_SECONDS",
    )
    longer = [name for name in names if stall and conf.value(name) >= stall]
    if longer:
        found.append(
            _error(
                7,
                f"STALL_SECONDS is not above {' and '.join(longer)}, so one locked table restarts every pod.",
                "Raise STALL_SECONDS or lower the time-out.",
            )
        )
    return found


@register(Tags.database)
def check_databases(app_configs: Sequence[Any] | None, **kwargs: Any) -> Messages:
    """Connection settings that contradict each other."""
    found: Messages = []
    for alias, database in settings.DATABASES.items():
        options = database.get("OPTIONS", {})
        if "pool" in options and database.get("CONN_MAX_AGE", 0) != 0:
            found.append(
                _error(
                    8,
                    f"The database {alias!r} has a pool and CONN_MAX_AGE; Django refuses both at once.",
                    "Set CONN_MAX_AGE to 0.",
                )
            )
    return found


@register(Tags.compatibility)
def check_static_setting(app_configs: Sequence[Any] | None, **kwargs: Any) -> Messages:
    """Settings that Django no longer reads."""
    if hasattr(settings, "STATICFILES_STORAGE") or hasattr(settings, "DEFAULT_FILE_STORAGE"):
        return [
            _error(
                9,
                "STATICFILES_STORAGE or DEFAULT_FILE_STORAGE is set, which Django ignores since 5.1.",
                "Use STORAGES.",
            )
        ]
    return []


def _deploy(check: Callable[[], Messages]) -> Callable[[], Messages]:
    """Register a check of deployments: silent while DEBUG is on."""

    def run(app_configs: Sequence[Any] | None, **kwargs: Any) -> Messages:
        return [] if settings.DEBUG else check()

    register(run, Tags.security, deploy=True)
    return check


@_deploy
def check_proxy() -> Messages:
    """Whose headers are believed."""
    found: Messages = []
    proxies = getattr(settings, "TRUSTED_PROXIES", [])
    if settings.SECURE_PROXY_SSL_HEADER and not proxies:
        found.append(
            _warning(
                1,
                "SECURE_PROXY_SSL_HEADER is set without TRUSTED_PROXIES: any client may claim to use HTTPS.",
                "Set TRUSTED_PROXIES and take the setting away.",
            )
        )
    if "*" in proxies:
        found.append(
            _warning(
                2,
                "TRUSTED_PROXIES trusts everybody, so clients may forge their address.",
                "Name the ingress's network, or close the pod by a NetworkPolicy.",
            )
        )
    if (
        settings.SESSION_COOKIE_SECURE
        and not settings.CSRF_TRUSTED_ORIGINS
        and not settings.SECURE_PROXY_SSL_HEADER
        and not proxies
    ):
        found.append(
            _warning(
                3,
                "The site uses HTTPS, but CSRF_TRUSTED_ORIGINS and TRUSTED_PROXIES are empty: forms posted through a TLS proxy are refused.",
                "Set TRUSTED_PROXIES or CSRF_TRUSTED_ORIGINS.",
            )
        )
    if "*" in settings.ALLOWED_HOSTS:
        found.append(
            _warning(
                4,
                "ALLOWED_HOSTS allows every host name.",
                "Name the hosts; probes are answered without being among them.",
            )
        )
    return found


@_deploy
def check_shared_state() -> Messages:
    """State that several pods would not share."""
    found: Messages = []
    if any(database["ENGINE"].endswith("sqlite3") for database in settings.DATABASES.values()):
        found.append(
            _warning(
                5,
                "The database is SQLite, a file that other pods do not see.",
                "Use PostgreSQL by DATABASE_URL, or run one pod with a volume.",
            )
        )
    if any("locmem" in cache["BACKEND"] for cache in settings.CACHES.values()):
        found.append(
            _warning(
                6,
                "The cache is local memory, so each process has its own.",
                "Set CACHE_URL to redis:// or pymemcache://.",
            )
        )
    if settings.STORAGES.get("default", {}).get("BACKEND", "").endswith("FileSystemStorage"):
        found.append(
            _warning(
                7,
                "Media is stored on the pod's disk: it is lost with the pod and other pods do not see it.",
                "Set MEDIA_S3_BUCKET, or mount a shared volume at MEDIA_ROOT.",
            )
        )
    if settings.SESSION_ENGINE.endswith(".file"):
        found.append(
            _warning(
                8,
                "Sessions are files on the pod's disk.",
                "Use the database or the cache for SESSION_ENGINE.",
            )
        )
    if settings.SESSION_ENGINE.endswith(".cache") and any(
        "locmem" in cache["BACKEND"] for cache in settings.CACHES.values()
    ):
        found.append(
            _warning(
                9,
                "Sessions are kept in a cache of local memory: users are logged out at random.",
                "Set CACHE_URL, or use the database for sessions.",
            )
        )
    if str(getattr(settings, "CELERY_BROKER_URL", "")).startswith(("filesystem", "memory")):
        found.append(
            _warning(
                10,
                "The broker is a folder on the pod's disk, so no task reaches another pod.",
                "Set CELERY_BROKER_URL or REDIS_URL.",
            )
        )
    return found


@_deploy
def check_static_files() -> Messages:
    """Static files as production needs them."""
    found: Messages = []
    backend = settings.STORAGES.get("staticfiles", {}).get("BACKEND", "")
    if "Manifest" not in backend:
        found.append(
            _warning(
                11,
                "Static files have no hash in their names, so browsers keep old ones after a release.",
                "Use STORAGES = django_k8s.settings.storages(env).",
            )
        )
    elif settings.STATIC_ROOT and not os.path.isfile(os.path.join(settings.STATIC_ROOT, "staticfiles.json")):  # noqa: PTH113, PTH118 - STATIC_ROOT may be any path-like or text
        found.append(
            _warning(
                12,
                "There is no manifest of static files in STATIC_ROOT, so every page that names one fails.",
                "Run collectstatic when the image is built.",
            )
        )
    return found


@_deploy
def check_media_keys() -> Messages:
    """Credentials that never refresh."""
    if "S3" in settings.STORAGES.get("default", {}).get("BACKEND", "") and os.environ.get(
        "AWS_ACCESS_KEY_ID"
    ):
        return [
            _warning(
                13,
                "AWS keys are in the environment: django-storages keeps them for the life of the process, even when a pod identity would refresh.",
                "Take the keys away and give the service account a role.",
            )
        ]
    return []


@_deploy
def check_celery() -> Messages:
    """Delivery settings that lose or repeat work."""
    found: Messages = []
    options = getattr(settings, "CELERY_BROKER_TRANSPORT_OPTIONS", {})
    url = str(getattr(settings, "CELERY_BROKER_URL", ""))
    if url.startswith(("redis", "rediss")) and not options.get("socket_timeout"):
        found.append(
            _warning(
                14,
                "The Redis broker has no socket_timeout: one half-open connection hangs a worker for good.",
                "Use django_k8s.settings.celery(env).",
            )
        )
    limit = getattr(settings, "CELERY_TASK_TIME_LIMIT", 0) or 0
    if url.startswith(("redis", "rediss", "sqs")) and limit >= options.get("visibility_timeout", 3600):
        found.append(
            _warning(
                15,
                "CELERY_TASK_TIME_LIMIT is not below the visibility time-out: a long task would run twice.",
                "Raise CELERY_VISIBILITY_TIMEOUT_SECONDS.",
            )
        )
    return found


@_deploy
def check_email() -> Messages:
    """Mail that goes nowhere."""
    mailers = getattr(settings, "MAILERS", {})
    backend = mailers.get("default", {}).get("BACKEND", "") if mailers else settings.EMAIL_BACKEND
    if "console" in backend:
        return [
            _warning(
                16,
                "E-mail is printed to the log in place of being sent.",
                "Set EMAIL_URL, or dummymail:// when the project sends none.",
            )
        ]
    return []
