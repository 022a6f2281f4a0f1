"""Caches from URLs."""

from __future__ import annotations

import importlib.util
from typing import Any

from django_k8s.environment.connection_urls import encoded, scheme
from django_k8s.environment.env import Env
from django_k8s.settings.redis import redis_options

# Seconds; pymemcache's default is to wait forever.
MEMCACHED_OPTIONS = {"connect_timeout": 5, "timeout": 5, "no_delay": True}
_OTHERS = ("dbcache", "dummycache", "filecache", "pymemcache")
_EXAMPLE = "Write it as redis://host:6379/1, pymemcache://host:11211, dbcache://table or locmem://."


_SOFT = {
    "django.core.cache.backends.redis.RedisCache": "django_k8s.cache.redis.SoftRedisCache",
    "django.core.cache.backends.memcached.PyMemcacheCache": "django_k8s.cache.memcached.SoftMemcachedCache",
}


def cache(
    env: Env, name: str = "CACHE_URL", /, *, fail_soft: bool | None = None, **project: Any
) -> dict[str, Any]:
    """Return one cache of CACHES: Redis, Memcached, a database table or local memory.

    ``name`` is the variable with the URL. Without it, CACHE_URL falls back to REDIS_URL and then to local memory, and every
    other name to local memory. With ``fail_soft``, keys count as missing while Redis or Memcached is down, and requests do
    not fail. The default is CACHE_FAIL_SOFT. Keyword arguments override the result. OPTIONS are merged by key.
    """
    if name == "CACHE_URL" and not env.is_set(name):
        name = "REDIS_URL"
    url = env.url(name, secret=True)
    if not url:
        env.embed("CACHE_URL (local memory)")
    config = _from_url(env, name, url) if url else _local(name)
    config = softened(env, config, fail_soft)
    prefix = env.str("CACHE_KEY_PREFIX")
    found = {**config, "KEY_PREFIX": prefix} if prefix else config
    if "OPTIONS" in project:
        project["OPTIONS"] = {**found.get("OPTIONS", {}), **project["OPTIONS"]}
    return {**found, **project}


def softened(env: Env, cache: dict[str, Any], fail_soft: bool | None = None) -> dict[str, Any]:
    """Return ``cache`` with a backend that fails softly, if there is one and ``fail_soft`` or CACHE_FAIL_SOFT is on."""
    soft = env.bool("CACHE_FAIL_SOFT") if fail_soft is None else fail_soft
    backend = cache.get("BACKEND", "")
    return {**cache, "BACKEND": _SOFT.get(backend, backend)} if soft else cache


def _local(name: str) -> dict[str, Any]:
    # Local-memory caches with the same location share their content.
    location = "default" if name in ("CACHE_URL", "REDIS_URL") else name
    return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": location}


def _from_url(env: Env, name: str, url: str) -> dict[str, Any]:
    from environ import Env as Environ

    kind = scheme(url)
    if kind in ("locmem", "locmemcache"):
        return _local(name)
    if kind in ("redis", "rediss"):
        return {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": encoded(url),
            "OPTIONS": redis_options(env, url),
        }
    if kind not in _OTHERS:
        env.add_problem(name, f"has an unknown scheme. {_EXAMPLE}")
        return _local(name)
    try:
        cache = dict(Environ.cache_url_config(encoded(url)))
    except (ValueError, TypeError):
        env.add_problem(name, f"cannot be read. {_EXAMPLE}")
        return _local(name)
    return _memcached(env, name, cache) if kind == "pymemcache" else cache


def _memcached(env: Env, name: str, cache: dict[str, Any]) -> dict[str, Any]:
    if importlib.util.find_spec("pymemcache") is None:
        env.add_problem(
            name, "needs pymemcache, which is not installed. Add the extra: django-k8s-toolkit[memcached]."
        )
    return {
        **cache,
        # Set the backend, because django-environ chooses another library if pymemcache is missing.
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "OPTIONS": {
            **MEMCACHED_OPTIONS,
            **{key.lower(): value for key, value in cache.get("OPTIONS", {}).items()},
        },
    }
