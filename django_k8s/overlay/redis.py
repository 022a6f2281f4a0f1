"""Replace a Redis on localhost, and queues in a file, which do not work in a pod."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django_k8s.environment.connection_urls import encoded, scheme
from django_k8s.environment.env import Env

_SCHEMES = ("redis", "rediss")
_HERE = (None, "localhost", "127.0.0.1", "::1")
_IN_A_FILE = ("SqliteHuey", "FileHuey")
_SAME_IN_REDIS = "huey.PriorityRedisHuey"  # it has priorities, as those do
# Settings for the place of Huey's queue. Huey refuses these together with a URL, or does not know them with Redis.
_PLACES = frozenset(
    [
        "filename",
        "cache_mb",
        "fsync",
        "journal_mode",
        "timeout",
        "strict_fifo",
        "path",
        "levels",
        "use_thread_lock",
        "host",
        "port",
        "db",
        "username",
        "password",
        "ssl",
        "unix_socket_path",
        "connection",
        "url",
        "backend_class",
    ]
)


def redis_url(env: Env, project: str) -> str:
    """Return REDIS_URL or the project's value, for a setting with this name that the project's own code reads."""
    return encoded(env.str("REDIS_URL")) or project


def broker_url(env: Env, project: str) -> str:
    """Return CELERY_BROKER_URL from the variable with this name, or the project's.

    No pod has a Redis on localhost, so such a URL is replaced by REDIS_URL, with the same database number.
    """
    return _url(env, "CELERY_BROKER_URL", project)


def result_backend(env: Env, project: str) -> str:
    """Return CELERY_RESULT_BACKEND from the variable with this name, or the project's.

    No pod has a Redis on localhost, so such a URL is replaced by REDIS_URL, with the same database number.
    """
    return _url(env, "CELERY_RESULT_BACKEND", project)


def huey(env: Env, project: Any) -> Any:
    """Return HUEY with its queue at REDIS_URL, if the project's queue is in a file or in a Redis on localhost.

    Pods do not share files, and have no Redis of their own. Only the place of the queue is changed. A queue elsewhere, or
    an instance of Huey, is kept. In debug mode, the project's HUEY is kept unless REDIS_URL is set.
    """
    if not isinstance(project, Mapping) or (env.debug and not env.is_set("REDIS_URL")):
        return project
    kind = str(project.get("huey_class") or project.get("backend_class") or "huey.RedisHuey")
    connection = {**project, **project.get("connection", {})}
    file = kind.rpartition(".")[2] in _IN_A_FILE
    host = urlsplit(str(connection["url"])).hostname if connection.get("url") else connection.get("host")
    if not file and ("Redis" not in kind or connection.get("connection_pool") or host not in _HERE):
        return project
    env.require("REDIS_URL", "Huey's queue cannot be in a pod: set the Redis where it is.")
    kept = {key: value for key, value in project.items() if key not in _PLACES}
    return {
        **kept,
        "huey_class": _SAME_IN_REDIS if file else kind,
        "url": encoded(env.str("REDIS_URL")) or None,
    }


def moved(env: Env, url: str) -> str:
    """Return ``url``, moved to the server in REDIS_URL if that is set and ``url`` is a Redis on localhost."""
    server = encoded(env.str("REDIS_URL"))
    if scheme(server) not in _SCHEMES or scheme(url) not in _SCHEMES or urlsplit(url).hostname not in _HERE:
        return url
    there, here = urlsplit(server), urlsplit(url)
    query = "&".join(part for part in (there.query, here.query) if part)
    return urlunsplit((there.scheme, there.netloc, here.path.rstrip("/") or there.path, query, ""))


def _url(env: Env, name: str, project: str) -> str:
    named = encoded(env.str(name, ""))
    return named or (moved(env, project) if project else encoded(env.str("REDIS_URL")))
