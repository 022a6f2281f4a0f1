"""The message of each system check: its number, what is wrong, and what to do about it.

The reference page is generated from here. A number is never reused for something else.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Message:
    """One message. Words in braces are filled in when it is reported."""

    number: str
    message: str
    hint: str


MESSAGES: dict[str, Message] = {
    message.number: message
    for message in (
        # Errors stop every management command.
        Message(
            "E001",
            "KubernetesMiddleware is not in MIDDLEWARE, so no probe is answered.",
            "Put 'django_k8s.middleware.KubernetesMiddleware' first.",
        ),
        Message(
            "E002",
            "{name} is not first in MIDDLEWARE: middleware before it may redirect or refuse a probe.",
            "Move it to the top.",
        ),
        Message(
            "E003",
            "WhiteNoise does not come right after SecurityMiddleware.",
            "Move it to the place after 'django.middleware.security.SecurityMiddleware'.",
        ),
        Message(
            "E004",
            "TrustedProxyMiddleware comes after SecurityMiddleware.",
            "Move it to the place after HealthMiddleware, or use KubernetesMiddleware instead of both.",
        ),
        Message(
            "E005",
            "READINESS_CHECKS names {name}, which is not a health check.",
            "Use {known}, or the dotted path of your own.",
        ),
        Message(
            "E006",
            "LIVENESS_CHECKS is set, but liveness never tests a dependency: if it were down, every pod would restart at once.",
            "Remove it and list the checks in READINESS_CHECKS.",
        ),
        Message(
            "E007",
            "STALL_SECONDS must be greater than {longer}, or one locked table restarts every pod.",
            "Raise STALL_SECONDS or lower the timeout.",
        ),
        Message(
            "E008",
            "The database {alias} has a pool and CONN_MAX_AGE; Django refuses both at once.",
            "Set CONN_MAX_AGE to 0.",
        ),
        Message(
            "E009",
            "STATICFILES_STORAGE or DEFAULT_FILE_STORAGE is set, which Django ignores since 5.1, and STORAGES is not.",
            "Use STORAGES.",
        ),
        Message(
            "E010",
            "MetricsMiddleware comes before HealthMiddleware or after middleware that may answer by itself, so it counts probes or misses requests.",
            "Put it right after HealthMiddleware and RequestIdMiddleware, or use KubernetesMiddleware instead of all three.",
        ),
        Message(
            "E011",
            "{name} is in MIDDLEWARE beside KubernetesMiddleware, which contains it.",
            "Remove {name}.",
        ),
        # Warnings appear with `manage.py check --deploy`.
        Message(
            "W001",
            "SECURE_PROXY_SSL_HEADER is set without TRUSTED_PROXIES: any client may claim to use HTTPS.",
            "Set TRUSTED_PROXIES and remove the setting.",
        ),
        Message(
            "W002",
            "TRUSTED_PROXIES trusts everybody, so clients may forge their address.",
            "Name the ingress's network, or protect the pod with a NetworkPolicy.",
        ),
        Message(
            "W003",
            "The site uses HTTPS, but CSRF_TRUSTED_ORIGINS and TRUSTED_PROXIES are empty: forms posted through a TLS proxy are refused.",
            "Set TRUSTED_PROXIES or CSRF_TRUSTED_ORIGINS.",
        ),
        Message(
            "W004",
            "ALLOWED_HOSTS allows every host name.",
            "Name the hosts. Probes are answered whatever their Host header says.",
        ),
        Message(
            "W005",
            "The database is SQLite, a file that other pods cannot see.",
            "Set DATABASE_URL to a PostgreSQL database, or run one pod with a volume.",
        ),
        Message(
            "W006",
            "The default cache is used for pages, sessions or readiness, but it is local memory, so each process has its own.",
            "Set CACHE_URL to redis:// or pymemcache://.",
        ),
        Message(
            "W007",
            "Files of {fields} are stored on the pod's disk: they are lost with the pod, and other pods do not see them.",
            "Set MEDIA_S3_BUCKET, MEDIA_GCS_BUCKET or MEDIA_AZURE_CONTAINER, or mount a shared volume at MEDIA_ROOT.",
        ),
        Message(
            "W008",
            "Sessions are files on the pod's disk: other pods do not see them, so users are logged out at random.",
            "Use the database or the cache for SESSION_ENGINE.",
        ),
        Message(
            "W009",
            "Sessions are kept in a cache of local memory: users are logged out at random.",
            "Set CACHE_URL, or use the database for sessions.",
        ),
        Message(
            "W010",
            "The broker is a directory on the pod's disk, so no task reaches another pod.",
            "Set CELERY_BROKER_URL or REDIS_URL.",
        ),
        Message(
            "W011",
            "Static files have no hash in their names, so browsers keep old ones after a release.",
            "Use k8s.static_storage(env) for STORAGES['staticfiles'].",
        ),
        Message(
            "W012",
            "There is no manifest of static files in STATIC_ROOT, so every page that names one fails.",
            "Run collectstatic when the image is built.",
        ),
        Message(
            "W013",
            "{where} has a key for the bucket. The process keeps it until it ends, whereas a pod's identity would be renewed.",
            "Remove the key, and give the service account a role.",
        ),
        Message(
            "W014",
            "The Redis broker has no socket_timeout: one half-open connection hangs a worker forever.",
            "Write CELERY = k8s.celery(env).",
        ),
        Message(
            "W015",
            "CELERY_TASK_TIME_LIMIT is not below the visibility timeout: a long task would run twice.",
            "Raise CELERY_VISIBILITY_TIMEOUT_SECONDS.",
        ),
        Message(
            "W016",
            "Mail is printed to the log instead of being sent.",
            "Set EMAIL_URL to a mail server, or to dummymail:// to discard mail.",
        ),
        Message(
            "W017",
            "METRICS is on, but neither KubernetesMiddleware nor MetricsMiddleware is in MIDDLEWARE: no request is counted.",
            "Put 'django_k8s.middleware.KubernetesMiddleware' first.",
        ),
        Message(
            "W018",
            "LOG_FORMAT is json, but LOGGING has no formatter of this app, so lines are not JSON.",
            "Use LOGGING = k8s.logging(env).",
        ),
        Message(
            "W019",
            "DATABASE_PGBOUNCER is on, so sessions have no timeouts: one locked table restarts every pod after STALL_SECONDS.",
            "Set them below STALL_SECONDS for the database's user (ALTER ROLE NAME SET statement_timeout = '300s'), "
            "then silence this check; or set STALL_SECONDS to 0.",
        ),
        Message(
            "W020",
            "The settings have CELERY, but {why}",
            "Create the application, or delete CELERY from the settings.",
        ),
        Message(
            "W021",
            "The variable {name} is set, but nothing reads it.",
            "Set {instead} instead, or read {name} with env.str() in the settings module, or silence this check.",
        ),
        Message(
            "W022",
            "{name} {installed} is newer than every release that this version of django-k8s-toolkit is tested with.",
            "Install {name} {tested}, upgrade django-k8s-toolkit, or test it yourself and silence this check.",
        ),
        Message(
            "W023",
            "The value of {name} is a common word or the name of its user. It is easy to guess, and it is not masked in logs.",
            "Replace it with random characters, such as those of `openssl rand -hex 16`.",
        ),
        Message(
            "W024",
            "Uploads in MEDIA_ROOT should be served, but {reason}.",
            "Add django_k8s.middleware.MediaFilesMiddleware after SecurityMiddleware, and set MEDIA_URL, for example to /media/."
            " If another server serves them, set the variable MEDIA_SERVE to false.",
        ),
        Message(
            "W025",
            "Sessions are kept only in a cache that fails softly. While it is down, everybody is logged out, and nobody can log in.",
            "Use django.contrib.sessions.backends.cached_db for SESSION_ENGINE, or keep sessions in a cache with fail_soft=False.",
        ),
        Message(
            "W026",
            "{name} is {path}, which this process cannot write: the root of a pod is read-only.",
            "Use a directory in /tmp for files that may be lost. For files that must stay, mount a volume at this path (pod.volumes in the chart).",
        ),
    )
}
