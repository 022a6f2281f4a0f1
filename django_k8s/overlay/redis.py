"""URLs of Redis that a project has on this machine, where none is in a pod."""

from __future__ import annotations

from urllib.parse import urlsplit, urlunsplit

from django_k8s.environment.connection_urls import encoded, scheme
from django_k8s.environment.env import Env

_SCHEMES = ("redis", "rediss")
_HERE = (None, "localhost", "127.0.0.1", "::1")


def redis_url(env: Env, project: str) -> str:
    """Return REDIS_URL, for a setting of this name that the project's own code reads."""
    return encoded(env.str("REDIS_URL")) or project


def broker_url(env: Env, project: str) -> str:
    """Return CELERY_BROKER_URL: the variable of this name, else the project's.

    No pod has a Redis on localhost, so such a URL is replaced by REDIS_URL. The database number stays.
    """
    return _url(env, "CELERY_BROKER_URL", project)


def result_backend(env: Env, project: str) -> str:
    """Return CELERY_RESULT_BACKEND: the variable of this name, else the project's.

    No pod has a Redis on localhost, so such a URL is replaced by REDIS_URL. The database number stays.
    """
    return _url(env, "CELERY_RESULT_BACKEND", project)


def moved(env: Env, url: str) -> str:
    """Return ``url`` on the server of REDIS_URL if that is set and ``url`` is a Redis on localhost."""
    server = encoded(env.str("REDIS_URL"))
    if scheme(server) not in _SCHEMES or scheme(url) not in _SCHEMES or urlsplit(url).hostname not in _HERE:
        return url
    there, here = urlsplit(server), urlsplit(url)
    query = "&".join(part for part in (there.query, here.query) if part)
    return urlunsplit((there.scheme, there.netloc, here.path.rstrip("/") or there.path, query, ""))


def _url(env: Env, name: str, project: str) -> str:
    named = encoded(env.str(name, ""))
    return named or (moved(env, project) if project else encoded(env.str("REDIS_URL")))
