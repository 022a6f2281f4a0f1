"""What each system check says: its number, what is wrong, and what to do about it.

The reference page is generated from here. Numbers are never used again for something else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One message; words in braces are filled in when it is reported."""

    number: str
    message: str
    hint: str


RULES: dict[str, Rule] = {
    rule.number: rule
    for rule in (
        # Errors stop every command of Django.
        Rule(
            "E001",
            "KubernetesMiddleware is not in MIDDLEWARE, so no probe is answered.",
            "Put 'django_k8s.middleware.KubernetesMiddleware' first.",
        ),
        Rule(
            "E002",
            "{name} is not first in MIDDLEWARE: middleware before it may redirect or refuse a probe.",
            "Move it to the top.",
        ),
        Rule(
            "E003",
            "WhiteNoise does not come right after SecurityMiddleware.",
            "Move it to the place after 'django.middleware.security.SecurityMiddleware'.",
        ),
        Rule(
            "E004",
            "TrustedProxyMiddleware comes after SecurityMiddleware.",
            "Move it to the place after HealthMiddleware, or use KubernetesMiddleware instead of both.",
        ),
        Rule(
            "E005",
            "READINESS_CHECKS names {name}, which is no health check.",
            "Use {known}, or the dotted path of your own.",
        ),
        Rule(
            "E006",
            "LIVENESS_CHECKS is set, but liveness never tests a dependency: one that is away would restart every pod at once.",
            "Remove it and list the checks in READINESS_CHECKS.",
        ),
        Rule(
            "E007",
            "STALL_SECONDS must be greater than {longer}, or one locked table restarts every pod.",
            "Raise STALL_SECONDS or lower the time-out.",
        ),
        Rule(
            "E008",
            "The database {alias} has a pool and CONN_MAX_AGE; Django refuses both at once.",
            "Set CONN_MAX_AGE to 0.",
        ),
        Rule(
            "E009",
            "STATICFILES_STORAGE or DEFAULT_FILE_STORAGE is set, which Django ignores since 5.1.",
            "Use STORAGES.",
        ),
        Rule(
            "E010",
            "MetricsMiddleware comes before HealthMiddleware or after middleware that may answer by itself, so it counts probes or misses requests.",
            "Put it right after HealthMiddleware and RequestIdMiddleware, or use KubernetesMiddleware instead of all three.",
        ),
        Rule(
            "E011",
            "{name} is in MIDDLEWARE beside KubernetesMiddleware, which contains it.",
            "Remove {name}.",
        ),
        # Warnings appear with `manage.py check --deploy`.
        Rule(
            "W001",
            "SECURE_PROXY_SSL_HEADER is set without TRUSTED_PROXIES: any client may claim to use HTTPS.",
            "Set TRUSTED_PROXIES and remove the setting.",
        ),
        Rule(
            "W002",
            "TRUSTED_PROXIES trusts everybody, so clients may forge their address.",
            "Name the ingress's network, or close the pod by a NetworkPolicy.",
        ),
        Rule(
            "W003",
            "The site uses HTTPS, but CSRF_TRUSTED_ORIGINS and TRUSTED_PROXIES are empty: forms posted through a TLS proxy are refused.",
            "Set TRUSTED_PROXIES or CSRF_TRUSTED_ORIGINS.",
        ),
        Rule(
            "W004",
            "ALLOWED_HOSTS allows every host name.",
            "Name the hosts; probes are answered without being among them.",
        ),
        Rule(
            "W005",
            "The database is SQLite, a file that other pods do not see.",
            "Use PostgreSQL by DATABASE_URL, or run one pod with a volume.",
        ),
        Rule(
            "W006",
            "The default cache is used for pages, sessions or readiness, but it is local memory, so each process has its own.",
            "Set CACHE_URL to redis:// or pymemcache://.",
        ),
        Rule(
            "W007",
            "Files of {fields} are stored on the pod's disk: they are lost with the pod, and other pods do not see them.",
            "Set MEDIA_S3_BUCKET, or mount a shared volume at MEDIA_ROOT.",
        ),
        Rule(
            "W008",
            "Sessions are files on the pod's disk.",
            "Use the database or the cache for SESSION_ENGINE.",
        ),
        Rule(
            "W009",
            "Sessions are kept in a cache of local memory: users are logged out at random.",
            "Set CACHE_URL, or use the database for sessions.",
        ),
        Rule(
            "W010",
            "The broker is a folder on the pod's disk, so no task reaches another pod.",
            "Set CELERY_BROKER_URL or REDIS_URL.",
        ),
        Rule(
            "W011",
            "Static files have no hash in their names, so browsers keep old ones after a release.",
            "Use k8s.static_storage(env) for STORAGES['staticfiles'].",
        ),
        Rule(
            "W012",
            "There is no manifest of static files in STATIC_ROOT, so every page that names one fails.",
            "Run collectstatic when the image is built.",
        ),
        Rule(
            "W013",
            "AWS keys are in the environment: they are kept for the life of the process, even when a pod identity would refresh them.",
            "Remove the keys and give the service account a role.",
        ),
        Rule(
            "W014",
            "The Redis broker has no socket_timeout: one half-open connection hangs a worker for good.",
            "Write CELERY = k8s.celery(env).",
        ),
        Rule(
            "W015",
            "CELERY_TASK_TIME_LIMIT is not below the visibility time-out: a long task would run twice.",
            "Raise CELERY_VISIBILITY_TIMEOUT_SECONDS.",
        ),
        Rule(
            "W016",
            "Mail is printed to the log instead of being sent.",
            "Set EMAIL_URL to a mail server, or to dummymail:// to discard mail.",
        ),
        Rule(
            "W017",
            "METRICS is on, but neither KubernetesMiddleware nor MetricsMiddleware is in MIDDLEWARE: no request is counted.",
            "Put 'django_k8s.middleware.KubernetesMiddleware' first.",
        ),
        Rule(
            "W018",
            "LOG_FORMAT is json, but LOGGING has no formatter of this app, so lines are not JSON.",
            "Use LOGGING = k8s.logging(env).",
        ),
        Rule(
            "W019",
            "DATABASE_PGBOUNCER is on, so sessions have no time-outs: one locked table restarts every pod after STALL_SECONDS.",
            "Set them below STALL_SECONDS for the database's user (ALTER ROLE NAME SET statement_timeout = '300s'), "
            "then silence this check; or set STALL_SECONDS to 0.",
        ),
        Rule(
            "W020",
            "The settings have CELERY, but {why}",
            "Make the application, or delete CELERY from the settings.",
        ),
        Rule(
            "W021",
            "The variable {name} is set, but nothing reads it.",
            "Set {instead} instead, or read {name} with env.str() in the settings module, or silence this check.",
        ),
        Rule(
            "W022",
            "{name} {installed} is newer than every release that this version of django-k8s-toolkit is tested with.",
            "Install {name} {tested}, upgrade django-k8s-toolkit, or test it yourself and silence this check.",
        ),
    )
}
