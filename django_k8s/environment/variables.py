"""The one table of environment variables.

The settings functions, the system checks, ``django-k8s env``, the reference page and the chart all
read from here, so a variable is named, typed, defaulted and explained in one place.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from django_k8s.environment.roles import ROLES

Scope = Literal["settings", "startup"]
Kind = Literal["str", "bool", "int", "float", "list", "url", "backend", "path"]


class Variable(NamedTuple):
    """One environment variable.

    ``default`` is what a program sees when the variable is not set; ``None`` means that the default
    is worked out from other variables, as ``help`` then says. ``required`` means: in production
    (DEBUG off, outside the build phase) it has to be set; the reference and ``django-k8s env`` say so, and
    the settings function that reads it knows the exceptions. ``minimum`` and ``maximum`` bound
    numbers, both included. Durations are in seconds and say so in their names.

    ``scope`` says who reads it. "settings": the project's ``Env``, from every source. "startup": programs
    that run before Django is loaded, from the process environment only. ``shared`` means that other
    programs use a variable of this name too, so an unknown choice is ignored. ``schemes`` are those that a URL
    may have, if that does not depend on what is installed. A "backend" is a URL, or the name of a module.
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
    help: str,  # noqa: A002 - the word that argparse and Django use for the same thing
    **more: object,
) -> Variable:
    return Variable(name, kind, default, help, "", **more)  # type: ignore[arg-type]


_GENERAL = _group(
    "General",
    _v("DEBUG", "bool", False, "Django's debug mode. Off unless asked for; production means off."),
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
        "Name of the deployment, shown on the prompt and in logs.",
        example="pr-123",
        scope="startup",
    ),
    _v(
        "RELEASE",
        "str",
        "",
        "What is deployed, such as a tag or a commit; set by the image build.",
        example="1.4.2",
        scope="startup",
    ),
    _v(
        "ENV_DIR",
        "list",
        (),
        "Directories whose files are variables, as mounted Secrets and ConfigMaps are. Separated by commas; the first wins.",
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
        "What this process is; set by the entrypoint.",
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
        "text for people, json for machines: each log record is one JSON object, and so is what goes to standard error. The chart sets json.",
        choices=("text", "json"),
        scope="startup",
    ),
    _v(
        "LOG_STDOUT",
        "str",
        "text",
        "What is printed to standard output if LOG_FORMAT is json. text: it stays as it is. json: each line becomes one JSON object.",
        choices=("text", "json"),
        scope="startup",
    ),
    _v(
        "STATE_DIR",
        "path",
        "/tmp/django-k8s",  # noqa: S108 - on a read-only root only /tmp and /dev/shm are writable
        "Writable directory for heartbeats; each role empties its own part of it at start.",
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
        "Django's signing key, at least 50 characters. Embedded in debug mode and in the build phase only.",
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
        "Addresses or networks whose X-Forwarded-* headers are believed: the ingress, or the pods' network.",
        example="10.0.0.0/8",
        scope="startup",
    ),
    _v(
        "HTTPS",
        "bool",
        None,
        "The site is reached over TLS: secure cookies, HSTS. By default on in production.",
    ),
    _v(
        "SSL_REDIRECT",
        "bool",
        None,
        "Redirect http to https. By default on when HTTPS is on and TRUSTED_PROXIES is set.",
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
        "The default database. db.sqlite3 beside manage.py is the default in debug mode; production has to name one (or DATABASE_HOST).",
        secret=True,
        required=True,
        example="postgres://user:password@host:5432/name",
    ),
    _v(
        "DATABASE_HOST",
        "str",
        "",
        "Host of a PostgreSQL database given in parts, instead of DATABASE_URL; any password works.",
    ),
    _v("DATABASE_PORT", "int", 5432, "Port of a database given in parts.", minimum=1, maximum=65535),
    _v("DATABASE_NAME", "str", "", "Name of a database given in parts."),
    _v("DATABASE_USER", "str", "", "User of a database given in parts."),
    _v("DATABASE_PASSWORD", "str", "", "Password of a database given in parts.", secret=True),
    _v(
        "DATABASE_DIRECT_URL",
        "url",
        "",
        "The same database without a connection pooler between, for session locks: migrations and beat.",
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
        "Largest number of connections in psycopg's pool; 0 means no pool. Web under ASGI has one of 50 if this is not set.",
        minimum=0,
    ),
    _v("DATABASE_CONNECT_TIMEOUT_SECONDS", "int", 5, "Longest wait for a new connection.", minimum=2),
    _v(
        "DATABASE_STATEMENT_TIMEOUT_SECONDS",
        "int",
        300,
        "Longest run of one statement; 0 means no limit.",
        minimum=0,
    ),
    _v("DATABASE_LOCK_TIMEOUT_SECONDS", "int", 60, "Longest wait for one lock; 0 means no limit.", minimum=0),
    _v(
        "DATABASE_SSLMODE",
        "str",
        "",
        "How the server's certificate is checked.",
        choices=("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    ),
    _v("DATABASE_SSLROOTCERT", "path", "", "File with the authority that signed the database's certificate."),
    _v(
        "DATABASE_PGBOUNCER",
        "bool",
        False,
        "A pooler in transaction mode is between: server-side cursors and session settings off.",
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
        "While Redis or Memcached is away, every key counts as missing, and no page fails. Not for sessions.",
    ),
    _v("CACHE_KEY_PREFIX", "str", "", "Put before every key, for a server that several projects share."),
    _v(
        "REDIS_URL",
        "url",
        "",
        "One Redis for cache and broker, unless CACHE_URL or CELERY_BROKER_URL says otherwise.",
        secret=True,
    ),
    _v(
        "REDIS_CA_CERTS",
        "path",
        "",
        "File with the authority that signed Redis's certificate; the system's by default.",
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
        "Where task results are kept. In the process environment it wins over the project, because Celery reads it itself.",
        secret=True,
    ),
    _v(
        "CELERY_APP",
        "str",
        None,
        "Module of the Celery application, or MODULE:ATTRIBUTE. By default it is looked for in the package of the settings module.",
        example="config",
        scope="startup",
    ),
    _v(
        "CELERY_TASK_ACKS_LATE",
        "bool",
        False,
        "Acknowledge a task when it ends, so that a lost worker's tasks run again. Only for tasks that may run twice.",
    ),
    _v("CELERY_TASK_TIME_LIMIT_SECONDS", "int", 0, "A task is killed after it; 0 means no limit.", minimum=0),
    _v(
        "CELERY_TASK_SOFT_TIME_LIMIT_SECONDS",
        "int",
        0,
        "A task gets SoftTimeLimitExceeded after it; 0 means no limit.",
        minimum=0,
    ),
    _v(
        "CELERY_VISIBILITY_TIMEOUT_SECONDS",
        "int",
        3600,
        "Redis, SQS: a task that is not acknowledged runs again after it. Has to exceed the longest task and countdown.",
        minimum=1,
    ),
    _v(
        "CELERY_DB_REUSE_MAX",
        "int",
        1000,
        "Tasks for which a worker keeps its database connection.",
        minimum=0,
    ),
    _v(
        "ONCE_KEEP_SECONDS",
        "int",
        2_592_000,
        "How long the id of a task under @once is remembered; 30 days by default, 0 means for ever. Far above CELERY_VISIBILITY_TIMEOUT_SECONDS.",
        minimum=0,
    ),
    _v("WORKER_QUEUES", "list", ("celery",), "Queues that this worker consumes.", scope="startup"),
    _v(
        "WORKER_CONCURRENCY",
        "int",
        0,
        "Processes of the worker; 0 means one for each CPU of the container's limit, as far as its memory limit holds them.",
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
        "Tasks after which a worker process is replaced; 0 means never.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WORKER_GRACE_SECONDS",
        "int",
        60,
        "Time between SIGTERM and SIGKILL for a worker; at least 15.",
        minimum=15,
        scope="startup",
    ),
    _v(
        "WORKER_RECONNECT_SECONDS",
        "int",
        900,
        "How long a worker that reconnects to its broker counts as alive.",
        minimum=30,
        scope="startup",
    ),
    _v(
        "BEAT_GRACE_SECONDS",
        "int",
        15,
        "Time between SIGTERM and SIGKILL for beat.",
        minimum=5,
        scope="startup",
    ),
    _v(
        "BEAT_SCHEDULER",
        "str",
        "django_k8s.celery.beat.scheduler:Scheduler",
        "MODULE:CLASS of beat's scheduler, unless the project names one. Any class runs under the lock; the other guarantees are those of the default.",
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
        "MODULE:NAME of the application. By default wsgi:application (or asgi) beside the settings module.",
        example="config.wsgi:application",
        scope="startup",
    ),
    _v(
        "WEB_CONCURRENCY",
        "int",
        0,
        "Processes of gunicorn; 0 means one for each CPU of the container's limit, as far as its memory limit holds them.",
        minimum=0,
        scope="startup",
    ),
    _v("WEB_THREADS", "int", 8, "Threads of each process.", minimum=1, scope="startup"),
    _v(
        "WEB_KEEPALIVE_SECONDS",
        "int",
        75,
        "How long an idle connection is kept; above the idle timeout of every proxy before it.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WEB_TIMEOUT_SECONDS",
        "int",
        60,
        "A process whose main loop is silent for it is replaced.",
        minimum=1,
        scope="startup",
    ),
    _v(
        "WEB_GRACE_SECONDS",
        "int",
        40,
        "Time between the pod's deletion and SIGKILL: drain, then the last requests.",
        minimum=10,
        scope="startup",
    ),
    _v(
        "DRAIN_SECONDS",
        "int",
        5,
        "Part of the grace period in which the pod still serves while routing forgets it (preStop).",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WEB_MAX_REQUESTS",
        "int",
        0,
        "Requests after which a process is replaced, with 10 % jitter; 0 means never.",
        minimum=0,
        scope="startup",
    ),
    _v("WEB_ACCESS_LOG", "bool", False, "Log a line for each request (never for probes).", scope="startup"),
    _v(
        "WEB_GUARD",
        "bool",
        True,
        "Give a connection a thread only when its whole request head has arrived, and cut off clients that stall.",
        scope="startup",
    ),
    _v(
        "WEB_HEAD_SECONDS",
        "int",
        15,
        "Time that a request head may take from its first byte. A silent connection is kept for WEB_KEEPALIVE_SECONDS.",
        minimum=1,
        scope="startup",
    ),
    _v(
        "WEB_CLIENT_SECONDS",
        "int",
        30,
        "A client that makes no progress for this long, with a body that it sends or a response that it reads, is cut off.",
        minimum=1,
        scope="startup",
    ),
    _v(
        "WEB_MAX_BODY_MB",
        "int",
        100,
        "The largest request body, in MiB: a larger one is answered with 413 and not stored; 0 means no limit.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WEB_UPLOADS_MB",
        "int",
        800,
        "Room for all request bodies of more than 2.5 MiB that arrive at the same time, in MiB, since Django stores them in /tmp: one "
        "for which there is none is answered with 503. 0 means no limit. The chart sets it to four fifths of pod.tmpSize.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "WEB_LONGEST_REQUEST_SECONDS",
        "int",
        0,
        "Log the traceback of a request whose thread is busy for longer; 0 means never. WSGI only.",
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
        "Port on which every role answers /livez and /readyz from its own small process; 0 starts none.",
        minimum=0,
        maximum=65535,
        scope="startup",
    ),
    _v(
        "STALL_SECONDS",
        "int",
        600,
        "Web is stalled when every thread is taken and none finished for it; 0 switches it off. Above every database timeout.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "HEARTBEAT_STALENESS_SECONDS",
        "int",
        60,
        "Largest good age of a heartbeat, apart from the probe's own period.",
        minimum=5,
        scope="startup",
    ),
    _v(
        "DAEMON_HEARTBEAT",
        "bool",
        False,
        "The role daemon needs a heartbeat of its command to be ready and to live. Otherwise heartbeats count from the first one on.",
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
        "latched: the database is required once, later failures are reported only. strict: 503 whenever it is away.",
        choices=("latched", "strict"),
    ),
    _v(
        "READINESS_TIMEOUT_SECONDS",
        "float",
        2.0,
        "Deadline of all health checks of one /readyz; below the kubelet's timeout.",
        minimum=0.1,
    ),
    _v(
        "READINESS_PAGE",
        "str",
        "",
        "Path of a page that must render before /readyz answers 200 for the first time; empty means none.",
        example="/",
    ),
    _v("READINESS_CACHE_SECONDS", "float", 2.0, "How long a result is reused.", minimum=0),
    _v(
        "HEALTH_TOKEN",
        "str",
        "",
        "Opens /healthz, the detailed report (Authorization: Bearer TOKEN); empty closes it.",
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
        "Serve what is in MEDIA_ROOT to everybody, below MEDIA_URL. By default on if MEDIA_ROOT is set and no bucket is named.",
    ),
    _v("MEDIA_S3_BUCKET", "str", "", "Bucket of uploads; naming it moves media to S3."),
    _v(
        "MEDIA_S3_ACCESS",
        "str",
        "private",
        "private: signed links that expire. public: plain links.",
        choices=("private", "public"),
    ),
    _v("MEDIA_S3_LINK_SECONDS", "int", 3600, "Lifetime of a signed link.", minimum=1, maximum=604800),
    _v("MEDIA_S3_REGION", "str", "", "Region of the bucket; by default what the pod's identity says."),
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
        "Bucket of uploads on Google Cloud Storage; naming it moves media there.",
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
        "Container of uploads on Azure Blob Storage; naming it moves media there.",
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
    _v("MEDIA_CDN_DOMAIN", "str", "", "Domain of a CDN before a public bucket.", example="media.example.com"),
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
        "Database aliases that k8s_migrate migrates and whose migrations readiness and wait ask for.",
    ),
    _v(
        "MIGRATE_LOCK_TIMEOUT_SECONDS",
        "int",
        5,
        "Longest wait of one migration statement for a lock on a table in use.",
        minimum=1,
    ),
    _v("WAIT_SECONDS", "int", 300, "How long migrate and wait go on trying.", minimum=1),
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
        "How long a role that ends waits for a last scrape, so that no count is lost; part of its grace period. A little above the scrape interval.",
        minimum=0,
        maximum=120,
        scope="startup",
    ),
    _v(
        "QUEUE_SAMPLE_SECONDS",
        "float",
        10.0,
        "How often beat looks at the queues, for /metrics and /queues on its PROBE_PORT; 0 means never. Only with Celery.",
        minimum=0,
        scope="startup",
    ),
    _v(
        "QUEUES",
        "list",
        (),
        "Queues that beat looks at, beside those of the project's settings. The chart names those of its workers. Only with Celery.",
        scope="startup",
    ),
    _v(
        "NEW_RELIC_LICENSE_KEY",
        "str",
        "",
        "Switches the New Relic agent on for every role.",
        secret=True,
        scope="startup",
    ),
    _v(
        "NEW_RELIC_CONFIG_FILE",
        "path",
        "",
        "newrelic.ini, mounted read-only; switches the agent on too.",
        scope="startup",
    ),
    _v(
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "str",  # OpenTelemetry judges it: some of its exporters take HOST:PORT
        "",
        "Switches opentelemetry-instrument on where it is installed.",
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
