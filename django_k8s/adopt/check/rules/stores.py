"""Rules about the addresses of the database, the caches, the broker and the mail server."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from django_k8s.adopt.check.assigned import default_of, read_variable
from django_k8s.adopt.check.finding import Finding, Kind, found
from django_k8s.adopt.check.subject import Rule, Subject
from django_k8s.adopt.tree import literal

LOCALHOST = Kind(
    "localhost",
    "warning",
    "{detail} is on localhost, and no variable changes that.",
    "In a pod, localhost is the pod itself, where nothing else runs.",
    "Read the address from an environment variable, and set that in deploy/values.yaml, or in the Secret.",
)
LOCALHOST_DEFAULT = Kind(
    "localhost-default",
    "note",
    "{detail}",
    "In a pod, localhost is the pod itself, where nothing else runs.",
    "Set the variable in the Secret, or below env in deploy/values-production.yaml.",
)
SQLITE = Kind(
    "sqlite",
    "warning",
    "The database is SQLite{detail}.",
    "The file is on the pod's disk: it is lost with the pod, and other pods do not see it.",
    "Use PostgreSQL: set DATABASE_URL in the Secret, and move the data with dumpdata and loaddata.",
)
LOCAL_CACHE = Kind(
    "local-cache",
    "warning",
    "The cache is in the memory of one process{detail}.",
    "Each process has a cache of its own: limits are counted once per process, and what one process deletes, others keep.",
    'Set CACHES to Redis, such as with CACHES = {"default": k8s.cache(env)} in the settings for Kubernetes.',
)
FILE_CACHE = Kind(
    "file-cache",
    "warning",
    "The cache {detail} is in files.",
    "They are on the pod's own disk: other pods do not see them, and they are lost with the pod.",
    'Set CACHES to Redis, such as with CACHES = {"default": k8s.cache(env)} in the settings for Kubernetes.',
)
CACHE_TABLE = Kind(
    "cache-table",
    "warning",
    "The cache is in the database, and nothing creates its table.",
    "Migrations do not create it, so the first request that uses the cache fails.",
    "Add a job to deploy/values.yaml: jobs: {cache-table: {args: [manage, createcachetable]}}.",
)
LOCAL_SESSIONS = Kind(
    "local-sessions",
    "warning",
    "Sessions are kept in {detail}.",
    "Each pod has its own, so users are logged out at random.",
    "Use the database for SESSION_ENGINE, or a cache on Redis.",
)
LOCAL_CHANNELS = Kind(
    "local-channels",
    "warning",
    "The channel layer is in the memory of one process.",
    "A message reaches only the clients of the process that sends it.",
    "Use channels_redis.core.RedisChannelLayer, with the address from REDIS_URL.",
)
MAIL_SERVER = Kind(
    "mail-server",
    "note",
    "The project sends mail, and no setting names a server.",
    "So Django sends it to localhost, where no mail server runs.",
    "Set EMAIL_URL in the Secret, such as smtp+tls://user:password@host:587.",
)
MAIL_UNSENT = Kind(
    "mail-unsent",
    "warning",
    "Mail is not sent in production: EMAIL_BACKEND is {detail}.",
    "It is printed, kept in memory or written to a file instead.",
    "Set EMAIL_URL in the Secret, which replaces this backend.",
)

_HOST = re.compile(
    r"(?:[a-z][a-z0-9+]*://(?:[^@/\s]*@)?)?(localhost|127\.0\.0\.1|\[?::1\]?)(?::\d+)?(?:/\S*)?"
)
_STORES = re.compile(
    r"^(DATABASES?|.*DATABASE.*|CACHES?|.*BROKER.*|.*RESULT_BACKEND|EMAIL_HOST|CHANNEL_LAYERS|RQ.*|HUEY|Q_CLUSTER|.*DRAMATIQ.*"
    r"|.*REDIS.*|.*MEMCACHE.*|.*RABBIT.*|.*AMQP.*|.*MONGO.*|.*ELASTIC.*|ES_.*|.*OPENSEARCH.*|.*SOLR.*|HAYSTACK.*|.*MEILI.*"
    r"|.*POSTGRES.*|.*MYSQL.*|DB_.*|.*_DB|.*SEARCH.*)$"
)
_MOVED = {"DATABASES": "DATABASE_URL", "EMAIL_HOST": "EMAIL_URL"}
_UNUSED_MAIL = ("console", "locmem", "filebased", "dummy")
_CACHE_USES = re.compile(
    r"from django\.core\.cache import|cache_page\(|\bcaches\[|ratelimit|AnonRateThrottle|UserRateThrottle|{% cache "
)
_SENDS_MAIL = re.compile(
    r"\b(send_mail|EmailMessage|EmailMultiAlternatives|mail_admins|mail_managers|send_mass_mail)\("
)


def localhost(subject: Subject) -> Iterator[Finding]:
    """Find addresses of stores on localhost."""
    for name in subject.values.names():
        if not _STORES.match(name):
            continue
        for one in subject.values.all(name):
            file = one.place.rpartition(":")[0]
            for node, variable in _hosts(one.node):
                yield from _host(subject, name, f"{file}:{node.lineno}", str(node.value), variable)


def _host(subject: Subject, name: str, place: str, value: str, variable: str) -> Iterator[Finding]:
    instead = _MOVED.get(name, "")
    if re.search(r"BROKER|RESULT_BACKEND|CACHES?$|REDIS_URL$", name) and value.startswith(
        ("redis", "rediss")
    ):
        instead = "REDIS_URL"
    names = [one for one in (variable, instead) if one]
    if any(subject.set(one) for one in names):
        return
    if names:
        unless = " or ".join(dict.fromkeys(names))
        what = "it" if name in names else name
        yield found(LOCALHOST_DEFAULT, place, f"Unless {unless} is set, {what} is on localhost.")
    else:
        yield found(LOCALHOST, place, name)


def _hosts(node: ast.AST, variable: str = "") -> Iterator[tuple[ast.Constant, str]]:
    """Yield every string that is an address on localhost, with the variable whose default it is."""
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str) and _HOST.fullmatch(node.value):
            yield node, variable
        return
    inside = read_variable(node) or variable
    if (
        isinstance(node, ast.Call)
        and not inside
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "get"
    ):
        return  # get() of a dict, whose values are defined elsewhere
    if isinstance(node, ast.BoolOp):
        inside = next((name for one in ast.walk(node.values[0]) if (name := read_variable(one))), inside)
    for child in ast.iter_child_nodes(node):
        yield from _hosts(child, inside)


def sqlite(subject: Subject) -> Iterator[Finding]:
    """Find SQLite as the only database in the settings."""
    engines = [word for word in subject.values.words("DATABASES") if ".backends." in word]
    if not engines or not all("sqlite" in engine or "spatialite" in engine for engine in engines):
        return
    if any(read_variable(node) for one in subject.values.all("DATABASES") for node in ast.walk(one.node)):
        return  # a variable may name another engine
    moved = ", unless DATABASE_URL is set" if subject.set("DATABASE_URL") else ""
    yield found(SQLITE, subject.values.word_place("DATABASES", engines[0]), moved)


def caches(subject: Subject) -> Iterator[Finding]:
    """Find caches that each process or pod has for itself, and a cache table that nothing creates."""
    if subject.set("CACHE_URL"):
        return
    found_ = list(_caches(subject))
    for alias, backend, place, _ in found_:
        if (
            backend.endswith("DatabaseCache")
            and not subject.runs("createcachetable")
            and not _in_migrations(subject)
        ):
            yield found(CACHE_TABLE, place)
        if backend.endswith("FileBasedCache"):
            yield found(FILE_CACHE, place, alias)
    default = [one for one in found_ if one[0] == "default"]
    use = _use_of_cache(subject)
    if not use:
        return
    if "CACHES" not in subject.values:
        yield found(LOCAL_CACHE, use, ", and this uses it")
    for _, backend, place, variable in default:
        if len(default) == 1 and backend.lower().endswith(("locmemcache", "locmem")):
            unless = f" unless {variable} is set" if variable else ""
            yield found(
                LOCAL_CACHE, place, f"{unless}, and {use} uses it", severity="note" if variable else None
            )


def _caches(subject: Subject) -> Iterator[tuple[str, str, str, str]]:
    """Yield each cache in the text of the settings: alias, backend, place, and the variable whose default it is."""
    for one in subject.values.all("CACHES"):
        if not isinstance(one.node, ast.Dict):
            continue
        file = one.place.rpartition(":")[0]
        for key, value in zip(one.node.keys, one.node.values, strict=True):
            alias, place = str(literal(key)), f"{file}:{value.lineno}"
            if isinstance(value, ast.Dict):
                keys = dict(zip(map(literal, value.keys), value.values, strict=True))
                yield alias, str(literal(keys.get("BACKEND"))), place, ""
            elif isinstance(value, ast.Call) and (variable := read_variable(value)):
                yield alias, str(default_of(value)).partition(":")[0], place, variable


def _in_migrations(subject: Subject) -> bool:
    return any(
        "createcachetable" in subject.tree.text(name)
        for name in subject.tree.below(subject.project)
        if "/migrations/" in name and name.endswith(".py")
    )


def _use_of_cache(subject: Subject) -> str:
    for name in subject.code:
        text = subject.tree.text(name)
        if "cache" not in text and "atelimit" not in text and "Throttle" not in text:
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if _CACHE_USES.search(line):
                return f"{name}:{number}"
    return ""


def sessions(subject: Subject) -> Iterator[Finding]:
    """Find sessions that are kept in a single pod."""
    engine = str(subject.values.value("SESSION_ENGINE") or "")
    place = subject.values.place("SESSION_ENGINE")
    if engine.endswith("sessions.backends.file"):
        yield found(LOCAL_SESSIONS, place, "files")
    if not engine.endswith("sessions.backends.cache") or subject.set("CACHE_URL"):
        return
    alias = str(subject.values.value("SESSION_CACHE_ALIAS") or "default")
    backends = [backend for name, backend, _, _ in _caches(subject) if name == alias]
    if "CACHES" not in subject.values or (backends and all(one.endswith("LocMemCache") for one in backends)):
        yield found(LOCAL_SESSIONS, place, "a cache in memory")


def channels(subject: Subject) -> Iterator[Finding]:
    """Find a channel layer in memory."""
    for word in subject.values.words("CHANNEL_LAYERS"):
        if word.endswith("InMemoryChannelLayer"):
            yield found(LOCAL_CHANNELS, subject.values.word_place("CHANNEL_LAYERS", word))
            return


def mail(subject: Subject) -> Iterator[Finding]:
    """Find mail that is not sent, or goes to localhost."""
    if subject.set("EMAIL_URL"):
        return
    backends = [word for word in subject.values.words("EMAIL_BACKEND") if "." in word]
    last = backends[-1] if backends else ""
    if len(backends) == 1 and any(f".{name}." in last for name in _UNUSED_MAIL):
        yield found(MAIL_UNSENT, subject.values.place("EMAIL_BACKEND"), last.split(".")[-2])
        return
    named = {"EMAIL_HOST", "EMAIL_URL", "MAILERS", "EMAIL_CONFIG", "ANYMAIL", "EMAIL_BACKEND"}
    if any(name in subject.values for name in named) or _unpacked(subject):
        return
    for name in subject.code:
        for number, line in subject.lines(name):
            if _SENDS_MAIL.search(line):
                yield found(MAIL_SERVER, f"{name}:{number}")
                return


def _unpacked(subject: Subject) -> bool:
    """Return whether one call sets all mail settings, as ``vars().update(env.email_url())`` does."""
    return any(
        "email" in subject.tree.text(file).lower() and "update(" in subject.tree.text(file)
        for file in subject.files
    )


RULES: tuple[tuple[Rule, tuple[Kind, ...]], ...] = (
    (localhost, (LOCALHOST, LOCALHOST_DEFAULT)),
    (sqlite, (SQLITE,)),
    (caches, (LOCAL_CACHE, FILE_CACHE, CACHE_TABLE)),
    (sessions, (LOCAL_SESSIONS,)),
    (channels, (LOCAL_CHANNELS,)),
    (mail, (MAIL_SERVER, MAIL_UNSENT)),
)
