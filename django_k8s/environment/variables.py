"""The table of all environment variables.

The settings functions, the system checks, ``django-k8s env``, the reference page and the chart all use this table. So
the name, type, default and explanation of a variable are in one place.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from django_k8s.environment.roles import ROLES

Scope = Literal["settings", "startup"]
Kind = Literal["str", "bool", "int", "float", "list", "url", "backend", "path"]


class Variable(NamedTuple):
    """One environment variable.

    ``default`` is the value if the variable is not set. ``None`` means that the default depends on other variables, as
    ``help`` explains. A ``required`` variable must be set in production, which is when DEBUG is off outside of the build
    phase. The reference and ``django-k8s env`` say so, and the settings function that reads it knows the exceptions.
    ``minimum`` and ``maximum`` are inclusive bounds of a number. Names of durations end in the unit.

    ``scope`` says what reads it. "settings": the project's ``Env``, from every source. "startup": programs that run
    before Django is loaded, from the process environment only. ``shared`` means that other programs use a variable with
    this name too, so an unknown choice is ignored. ``schemes`` are the schemes that a URL may have, if they do not depend
    on installed packages. A "backend" is a URL, or the name of a module.
    """

    name: str
    kind: Kind
    default: str | bool | int | float | tuple[str, ...] | None
    help: str
    group: str
    secret: bool = False
    required: bool = False
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    example: str = ""
    scope: Scope = "settings"
    shared: bool = False
    schemes: tuple[str, ...] = ()


def _group(group: str, *variables: Variable) -> tuple[Variable, ...]:
    return tuple(variable._replace(group=group) for variable in variables)


def _v(
    name: str,
    kind: Kind,
    default: str | bool | int | float | tuple[str, ...] | None,
    help: str,  # noqa: A002 - argparse and Django use this word for the same thing
    **more: object,
) -> Variable:
    return Variable(name, kind, default, help, "", **more)  # type: ignore[arg-type]


_GENERAL = _group(
    "General",
    _v("DEBUG", "bool", False, "Django's debug mode. Off by default; it must be off in production."),
    _v(
        "BUILD_PHASE",
        "bool",
        False,
        "Set while an image is built: settings load without any secret, database or broker, and no role starts.",
    ),
    _v(
        "ENVIRONMENT",
        "str",
        "development",
        "Name of the environment, shown in the prompt of the shell and in logs.",
        example="pr-123",
        scope="startup",
    ),
    _v(
        "RELEASE",
        "str",
        "",
        "The deployed release, such as a tag or a commit. The build of the image sets it.",
        example="1.4.2",
        scope="startup",
    ),
    _v(
        "ENV_DIR",
        "list",
        (),
        "Directories in which each file is a variable, such as mounted Secrets and ConfigMaps. Separated by commas; the first one wins.",
        example="/run/secrets/app",
    ),
    _v(
        "ENV_FILE",
        "path",
        "",
        "Another .env file, relative to the project's directory. By default .env beside manage.py.",
        scope="startup",
    ),
    _v(
        "ROLE",
        "str",
        "",
        "Role of this process. The entrypoint sets it.",
        choices=ROLES,
        shared=True,
        scope="startup",
    ),
    _v(
        "LOG_LEVEL",
        "str",
        "INFO",
        "Least severe level that is logged.",
        choices=("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
        scope="startup",
    ),
    _v(
        "LOG_FORMAT",
        "str",
        "text",
        "With json, each log record and each line on standard error is one JSON object. The chart sets json; text is for people.",
        choices=("text", "json"),
        scope="startup",
    ),
    _v(
        "LOG_STDOUT",
        "str",
        "text",
        "Format of what is printed to standard output, if LOG_FORMAT is json. With text it is not changed; with json each line becomes one JSON object.",
        choices=("text", "json"),
        scope="startup",
    ),
    _v(
        "STATE_DIR",
        "path",
        "/tmp/django-k8s",  # noqa: S108 - on a read-only root only /tmp and /dev/shm are writable
        "Writable directory for heartbeats and metrics. Each role empties its own part of it when it starts.",
        scope="startup",
    ),
    _v(
        "DEBUGGER",
        "list",
        (),
        "Roles that an editor's debugger can attach to on DEBUGGER_PORT; only in the development image.",
        example="web,worker",
        scope="startup",
    ),
    _v("DEBUGGER_PORT", "int", 5678, "Port on which debugpy listens.", minimum=1, scope="startup"),
)

_SECURITY = _group(
    "Security",
    _v(
        "SECRET_KEY",
        "str",
        None,
        "Django's signing key, at least 50 characters. It has a built-in value in debug mode and in the build phase only.",
        secret=True,
        required=True,
    ),
    _v("SECRET_KEY_FALLBACKS", "list", (), "Former signing keys that are still accepted.", secret=True),
    _v(
        "ALLOWED_HOSTS",
        "list",
        (),
        "Host names that are served.",
        required=True,
        example="example.com,.example.org",
    ),
    _v(
        "CSRF_TRUSTED_ORIGINS",
        "list",
        None,
        "Origins that may post forms. By default https:// with each of ALLOWED_HOSTS.",
        example="https://example.com",
    ),
    _v(
        "TRUSTED_PROXIES",
        "list",
        (),
        "Addresses or networks whose X-Forwarded-* headers are trusted: the ingress controller's, or the network of the pods.",
        example="10.0.0.0/8",
        scope="startup",
    ),
    _v(
        "HTTPS",
        "bool",
        None,
        "Users reach the site over TLS: cookies are secure, and HSTS is sent. On by default in production.",
    ),
    _v(
        "SSL_REDIRECT",
        "bool",
        None,
        "Redirect http to https. On by default if HTTPS is on and TRUSTED_PROXIES is set.",
    ),
    _v(
        "HSTS_SECONDS",
        "int",
        3600,
        "Strict-Transport-Security max-age in seconds; 0 leaves the header out.",
        minimum=0,
    ),
)

_DATABASE = _group(
    "Database",
    _v(
        "DATABASE_URL",
        "url",
        None,
        "The default database. In debug mode it is db.sqlite3 beside manage.py by default. Production must set this, or DATABASE_HOST.",
        secret=True,
        required=True,
        example="postgres://user:password@host:5432/name",
    ),
    _v(
        "DATABASE_HOST",
        "str",
        "",
        "Host of a PostgreSQL database that is given in parts instead of DATABASE_URL. The password may then contain any character.",
    ),
    _v("DATABASE_PORT", "int", 5432, "Port of a database given in parts.", minimum=1, maximum=65535),
    _v("DATABASE_NAME", "str", "", "Name of a database given in parts."),
    _v("DATABASE_USER", "str", "", "User of a database given in parts."),
    _v("DATABASE_PASSWORD", "str", "", "Password of a database given in parts.", secret=True),
    _v(
        "DATABASE_DIRECT_URL",
        "url",
        "",
        "Address of the same database without a connection pooler, for the locks of migrations and beat.",
        secret=True,
    ),
    _v(
        "DATABASE_CONN_MAX_AGE",
        "int",
        60,
        "Seconds for which a connection is kept between requests; 0 closes it each time.",
        minimum=0,
    ),
    _v(
        "DATABASE_POOL_SIZE",
        "int",
        0,
        "Maximum number of connections in psycopg's pool; 0 means no pool. The default for web under ASGI is 50.",
        minimum=0,
    ),
    _v(
        "DATABASE_CONNECT_TIMEOUT_SECONDS",
        "int",
        5,
        "Longest wait for a new connection, in seconds.",
        minimum=2,
    ),
    _v(
        "DATABASE_STATEMENT_TIMEOUT_SECONDS",
        "int",
        300,
        "Longest time that one statement may take, in seconds; 0 means no limit.",
        minimum=0,
    ),
    _v(
        "DATABASE_LOCK_TIMEOUT_SECONDS",
        "int",
        60,
        "Longest wait for one lock, in seconds; 0 means no limit.",
        minimum=0,
    ),
    _v(
        "DATABASE_SSLMODE",
        "str",
        "",
        "How the server's certificate is checked.",
        choices=("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    ),
    _v("DATABASE_SSLROOTCERT", "path", "", "File with the certificate authority of the database server."),
    _v(
        "DATABASE_PGBOUNCER",
        "bool",
        False,
        "Set this if connections go through a pooler in transaction mode. It turns off server-side cursors and session settings.",
    ),
)

_CACHE = _group(
    "Cache",
    _v(
        "CACHE_URL",
        "url",
        None,
        "The default cache: redis:// rediss:// pymemcache:// locmem:// dbcache://TABLE. By default REDIS_URL, else local memory.",
        secret=True,
        example="redis://host:6379/1",
    ),
    _v(
        "CACHE_FAIL_SOFT",
        "bool",
        False,
        "While Redis or Memcached is down, treat every key as missing, so that pages do not fail. Do not use it for sessions.",
    ),
    _v("CACHE_KEY_PREFIX", "str", "", "Prefix of every key, for a server that several projects share."),
    _v(
        "REDIS_URL",
        "url",
        "",
        "The Redis of cache and broker, unless CACHE_URL or CELERY_BROKER_URL is set.",
        secret=True,
    ),
    _v(
        "REDIS_CA_CERTS",
        "path",
        "",
        "File with the certificate authority of the Redis server. By default, the system's authorities are used.",
    ),
)

_CELERY = _group(
    "Celery (only if the project uses it)",
    _v(
        "CELERY_BROKER_URL",
        "url",
        None,
        "redis:// rediss:// amqp:// amqps:// sqs:// filesystem:///DIRECTORY. By default REDIS_URL; in debug mode, files in a directory.",
        secret=True,
    ),
    _v(
        "CELERY_RESULT_BACKEND",
        "backend",
        "",
        "Where task results are stored. In the process environment it wins over the project's settings, because Celery reads it itself.",
        secret=True,
    ),
    _v(
        "CELERY_APP",
        "str",
        None,
        "Module of the Celery application, or MODULE:ATTRIBUTE. By default, the package of the settings module is searched.",
        example="config",
        scope="startup",
    ),
    _v(
        "CELERY_TASK_ACKS_LATE",
        "bool",
        False,
        "Acknowledge a task when it has ended, so that the tasks of a lost worker run again. Only for tasks that may run twice.",
    ),
    _v(
        "CELERY_TASK_TIME_LIMIT_SECONDS",
        "int",
        0,
        "Time limit of a task, in seconds: after it, the task is killed. 0 means no limit.",
        minimum=0,
    ),
    _v(
        "CELERY_TASK_SOFT_TIME_LIMIT_SECONDS",
        "int",
        0,
        "Seconds after which a task gets SoftTimeLimitExceeded; 0 means no limit.",
        minimum=0,
    ),
    _v(
        "CELERY_VISIBILITY_TIMEOUT_SECONDS",
        "int",
        3600,
        "Redis and SQS: seconds after which a task that is not acknowledged runs again. It must exceed the longest task and the longest countdown.",
        minimum=1,
    ),
    _v(
        "CELERY_DB_REUSE_MAX",
        "int",
        1000,
        "Number of tasks for which a worker keeps its database connection.",
        minimum=0,
    ),
    _v(
        "ONCE_KEEP_SECONDS",
        "int",
        2_592_000,
        "How long the ids of tasks with @once are kept, in seconds; 30 days by default, 0 means forever. Keep it far above CELERY_VISIBILITY_TIMEOUT_SECONDS.",
        minimum=0,
    ),
    _v("WORKER_QUEUES", "list", ("celery",), "Queues that this worker consumes.", scope="startup"),
    _v(
        "WORKER_CONCURRENCY",
        "int",
        0,
        "Number of worker processes; 0 means one for each CPU of the container's limit, if its memory limit allows it.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WORKER_POOL",
        "str",
        "prefork",
        "How the worker runs its tasks.",
        choices=("prefork", "threads"),
        scope="startup",
    ),
    _v(
        "WORKER_MAX_TASKS_PER_CHILD",
        "int",
        0,
        "Number of tasks after which a worker process is replaced; 0 means never.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WORKER_GRACE_SECONDS",
        "int",
        60,
        "Seconds between SIGTERM and SIGKILL for a worker; at least 15.",
        minimum=15,
        scope="startup",
    ),
    _v(
        "WORKER_RECONNECT_SECONDS",
        "int",
        900,
        "How long a worker counts as alive while it tries to reach its broker, in seconds.",
        minimum=30,
        scope="startup",
    ),
    _v(
        "BEAT_GRACE_SECONDS",
        "int",
        15,
        "Seconds between SIGTERM and SIGKILL for beat.",
        minimum=5,
        scope="startup",
    ),
    _v(
        "BEAT_SCHEDULER",
        "str",
        "django_k8s.celery.beat.scheduler:Scheduler",
        "MODULE:CLASS of beat's scheduler, unless the project names one. Every class runs under the lock; the other promises hold for the default only.",
        example="django_celery_beat.schedulers:DatabaseScheduler",
        scope="startup",
    ),
)

_WEB = _group(
    "Web",
    _v("PORT", "int", 8000, "Port of the web role.", minimum=1, maximum=65535, scope="startup"),
    _v("WEB_INTERFACE", "str", "wsgi", "How Django is served.", choices=("wsgi", "asgi"), scope="startup"),
    _v(
        "WEB_APPLICATION",
        "str",
        None,
        "MODULE:NAME of the application. The default is wsgi:application or asgi:application beside the settings module.",
        example="config.wsgi:application",
        scope="startup",
    ),
    _v(
        "WEB_CONCURRENCY",
        "int",
        0,
        "Number of gunicorn processes; 0 means one for each CPU of the container's limit, if its memory limit allows it.",
        minimum=0,
        scope="startup",
    ),
    _v("WEB_THREADS", "int", 8, "Threads of each process.", minimum=1, scope="startup"),
    _v(
        "WEB_KEEPALIVE_SECONDS",
        "int",
        75,
        "How long an idle connection is kept, in seconds. Set it above the idle timeout of every proxy in front of web.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WEB_TIMEOUT_SECONDS",
        "int",
        60,
        "Seconds without a sign of life from the main loop of a process, after which the process is replaced.",
        minimum=1,
        scope="startup",
    ),
    _v(
        "WEB_GRACE_SECONDS",
        "int",
        40,
        "Seconds from the deletion of the pod to SIGKILL, for the drain and the last requests.",
        minimum=10,
        scope="startup",
    ),
    _v(
        "DRAIN_SECONDS",
        "int",
        5,
        "Seconds of the grace period in which the pod still serves, until no traffic is routed to it (preStop).",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WEB_MAX_REQUESTS",
        "int",
        0,
        "Number of requests after which a process is replaced, with 10 % jitter; 0 means never.",
        minimum=0,
        scope="startup",
    ),
    _v("WEB_ACCESS_LOG", "bool", False, "Log a line for each request, except for probes.", scope="startup"),
    _v(
        "WEB_GUARD",
        "bool",
        True,
        "Give a connection a thread only after all headers of its request have arrived, and disconnect clients that stall.",
        scope="startup",
    ),
    _v(
        "WEB_HEAD_SECONDS",
        "int",
        15,
        "Seconds in which all headers of a request must arrive, from the first byte on. A silent connection is kept for WEB_KEEPALIVE_SECONDS.",
        minimum=1,
        scope="startup",
    ),
    _v(
        "WEB_CLIENT_SECONDS",
        "int",
        30,
        "Seconds without progress after which a client that sends a body or reads a response is disconnected.",
        minimum=1,
        scope="startup",
    ),
    _v(
        "WEB_MAX_BODY_MB",
        "int",
        100,
        "Largest request body, in MiB. A larger one is answered with 413 and not stored. 0 means no limit.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WEB_UPLOADS_MB",
        "int",
        800,
        "Space in /tmp for all request bodies of more than 2.5 MiB together, in MiB. A body for which there is no space is"
        " answered with 503. 0 means no limit. The chart sets it to four fifths of pod.tmpSize.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WEB_LONGEST_REQUEST_SECONDS",
        "int",
        0,
        "Log the traceback of a request that takes longer than this, in seconds; 0 means never. WSGI only.",
        minimum=0,
        scope="startup",
    ),
)

_HEALTH = _group(
    "Health and probes",
    _v(
        "PROBE_PORT",
        "int",
        8001,
        "Port on which a small process beside every role answers /livez and /readyz; 0 starts no such process.",
        minimum=0,
        maximum=65535,
        scope="startup",
    ),
    _v(
        "STALL_SECONDS",
        "int",
        600,
        "Web counts as stalled if every thread has been busy and none has finished for this many seconds. 0 turns this off. Set it above every database timeout.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "HEARTBEAT_STALENESS_SECONDS",
        "int",
        60,
        "Age of a heartbeat, in seconds, above which the loop that writes it counts as stopped.",
        minimum=5,
        scope="startup",
    ),
    _v(
        "DAEMON_HEARTBEAT",
        "bool",
        False,
        "The role daemon is ready only after the first heartbeat of its command. Without this, heartbeats count only if the command writes one.",
        scope="startup",
    ),
    _v(
        "READINESS_CHECKS",
        "list",
        ("database", "migrations"),
        "Health checks that /readyz runs: database, cache, broker, migrations, storage, or the dotted path of your own.",
    ),
    _v(
        "READINESS_DATABASE",
        "str",
        "latched",
        "latched: the database must answer once; later failures are only reported. strict: /readyz answers 503 whenever it is down.",
        choices=("latched", "strict"),
    ),
    _v(
        "READINESS_TIMEOUT_SECONDS",
        "float",
        2.0,
        "Deadline for all health checks of one request to /readyz, in seconds. Keep it below the timeout of the kubelet.",
        minimum=0.1,
    ),
    _v(
        "READINESS_PAGE",
        "str",
        "",
        "Path of a page that must render before /readyz answers 200 for the first time; empty means none.",
        example="/",
    ),
    _v(
        "READINESS_CACHE_SECONDS",
        "float",
        2.0,
        "How long the result of the health checks is reused, in seconds.",
        minimum=0,
    ),
    _v(
        "HEALTH_TOKEN",
        "str",
        "",
        "Token for /healthz, the detailed report (Authorization: Bearer TOKEN). Without it, /healthz is closed.",
        secret=True,
    ),
)

_STATIC = _group(
    "Static files and media",
    _v(
        "STATIC_ROOT",
        "path",
        None,
        "Directory of the collected static files. By default staticfiles beside manage.py.",
    ),
    _v(
        "STATIC_CDN_URL",
        "url",
        "",
        "URL of a CDN that fetches static files from this site.",
        example="https://cdn.example.com",
        schemes=("https", "http"),
    ),
    _v(
        "MEDIA_ROOT",
        "path",
        None,
        "Directory of uploads when no bucket is named. By default media beside manage.py.",
    ),
    _v(
        "MEDIA_SERVE",
        "bool",
        None,
        "Serve the files in MEDIA_ROOT to everybody, below MEDIA_URL. On by default if MEDIA_ROOT is set and no bucket is named.",
    ),
    _v("MEDIA_S3_BUCKET", "str", "", "Name of an S3 bucket. If it is set, uploads are stored there."),
    _v(
        "MEDIA_S3_ACCESS",
        "str",
        "private",
        "private: signed links that expire. public: plain links.",
        choices=("private", "public"),
    ),
    _v("MEDIA_S3_LINK_SECONDS", "int", 3600, "Lifetime of a signed link.", minimum=1, maximum=604800),
    _v(
        "MEDIA_S3_REGION", "str", "", "Region of the bucket. By default, the one that the pod's identity has."
    ),
    _v(
        "MEDIA_S3_ENDPOINT_URL",
        "url",
        "",
        "URL of an S3-compatible server.",
        example="https://minio.example.com",
        schemes=("https", "http"),
    ),
    _v("MEDIA_S3_PREFIX", "str", "", "Directory inside the bucket."),
    _v(
        "MEDIA_GCS_BUCKET",
        "str",
        "",
        "Name of a bucket on Google Cloud Storage. If it is set, uploads are stored there.",
    ),
    _v(
        "MEDIA_GCS_ACCESS",
        "str",
        "private",
        "private: signed links that expire. public: plain links.",
        choices=("private", "public"),
    ),
    _v("MEDIA_GCS_LINK_SECONDS", "int", 3600, "Lifetime of a signed link.", minimum=1, maximum=604800),
    _v("MEDIA_GCS_PREFIX", "str", "", "Directory inside the bucket."),
    _v(
        "MEDIA_AZURE_CONTAINER",
        "str",
        "",
        "Name of a container on Azure Blob Storage. If it is set, uploads are stored there.",
    ),
    _v("MEDIA_AZURE_ACCOUNT", "str", "", "Storage account of the container.", example="shopmedia"),
    _v(
        "MEDIA_AZURE_ACCESS",
        "str",
        "private",
        "private: signed links that expire. public: plain links.",
        choices=("private", "public"),
    ),
    _v("MEDIA_AZURE_LINK_SECONDS", "int", 3600, "Lifetime of a signed link.", minimum=1, maximum=604800),
    _v("MEDIA_AZURE_PREFIX", "str", "", "Directory inside the container."),
    _v(
        "MEDIA_AZURE_ENDPOINT_URL",
        "url",
        "",
        "URL of the storage account, if it is not on Azure's public cloud.",
        example="https://shopmedia.blob.core.chinacloudapi.cn",
        schemes=("https", "http"),
    ),
    _v(
        "MEDIA_CDN_DOMAIN",
        "str",
        "",
        "Domain of a CDN in front of a public bucket.",
        example="media.example.com",
    ),
)

_EMAIL = _group(
    "E-mail",
    _v(
        "EMAIL_URL",
        "url",
        None,
        "smtp:// smtp+tls:// smtp+ssl:// consolemail:// dummymail:// (mail is discarded). By default mail is printed in debug mode, and sending fails in production.",
        secret=True,
        example="smtp+tls://user:password@host:587",
    ),
)

_MIGRATIONS = _group(
    "Migrations and waiting",
    _v(
        "MIGRATE_DATABASES",
        "list",
        ("default",),
        "Aliases of the databases that migrate migrates, and whose migrations readiness and wait check.",
    ),
    _v(
        "MIGRATE_LOCK_TIMEOUT_SECONDS",
        "int",
        5,
        "Longest time that a statement of a migration waits for a lock on a table, in seconds.",
        minimum=1,
    ),
    _v("WAIT_SECONDS", "int", 300, "How long migrate and wait keep trying, in seconds.", minimum=1),
)

_OBSERVABILITY = _group(
    "Observability",
    _v(
        "METRICS",
        "bool",
        False,
        "Count and time requests and tasks, and serve /metrics on PROBE_PORT. Needs the extra `metrics`.",
        scope="startup",
    ),
    _v(
        "METRICS_LINGER_SECONDS",
        "int",
        0,
        "How long a role that stops waits for a last scrape, in seconds, so that no count is lost. It is part of the grace period. Set it a little above the scrape interval.",
        minimum=0,
        maximum=120,
        scope="startup",
    ),
    _v(
        "QUEUE_SAMPLE_SECONDS",
        "float",
        10.0,
        "Interval at which beat measures the queues, in seconds, for /metrics and /queues on its PROBE_PORT; 0 means never. Only with Celery.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "QUEUES",
        "list",
        (),
        "Queues that beat measures in addition to those in the project's settings. The chart names those of its workers. Only with Celery.",
        scope="startup",
    ),
    _v(
        "NEW_RELIC_LICENSE_KEY",
        "str",
        "",
        "Licence key of New Relic. It turns on the agent for every role.",
        secret=True,
        scope="startup",
    ),
    _v(
        "NEW_RELIC_CONFIG_FILE",
        "path",
        "",
        "Path of a newrelic.ini. It turns on the agent, too.",
        scope="startup",
    ),
    _v(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "str",  # OpenTelemetry checks it; some of its exporters accept HOST:PORT
        "",
        "Address of the collector. It turns on opentelemetry-instrument, if this is installed.",
        scope="startup",
    ),
)

VARIABLES: dict[str, Variable] = {
    variable.name: variable
    for variable in (
        *_GENERAL,
        *_SECURITY,
        *_DATABASE,
        *_CACHE,
        *_CELERY,
        *_WEB,
        *_HEALTH,
        *_STATIC,
        *_EMAIL,
        *_MIGRATIONS,
        *_OBSERVABILITY,
    )
}
