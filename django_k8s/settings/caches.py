"""CACHES from CACHE_URL or REDIS_URL."""

from __future__ import annotations

import importlib.util
from typing import Any

from django_k8s.env import Env
from django_k8s.settings.redis import redis_options
from django_k8s.settings.urls import encoded, scheme

# Seconds; pymemcache's own default is to wait for ever.
MEMCACHED_TIMEOUTS = {"connect_timeout": 5, "timeout": 5}
_OTHERS = ("dbcache", "dummycache", "filecache", "pymemcache")
_EXAMPLE = "Write it as redis://host:6379/1, pymemcache://host:11211, dbcache://table or locmem://."


def caches(env: Env) -> dict[str, dict[str, Any]]:
    """Django's CACHES with the alias ``default``: Redis, Memcached, a database table or local memory."""
    name = "CACHE_URL" if env.is_set("CACHE_URL") else "REDIS_URL"
    url = env.str(name, "", secret=True)
    config = _from_url(env, name, url) if url else _local()
    prefix = env.str("CACHE_KEY_PREFIX")
    return {"default": {**config, "KEY_PREFIX": prefix} if prefix else config}


def _local() -> dict[str, Any]:
    return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "default"}


def _from_url(env: Env, name: str, url: str) -> dict[str, Any]:
    from environ import Env as Environ

    kind = scheme(url)
    if kind in ("locmem", "locmemcache"):
        return _local()
    if kind in ("redis", "rediss"):
        return {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": encoded(url),
            "OPTIONS": redis_options(env, url),
        }
    if kind not in _OTHERS:
        env.problem(name, f"has an unknown scheme. {_EXAMPLE}")
        return _local()
    try:
        cache = dict(Environ.cache_url_config(encoded(url)))
    except (ValueError, TypeError):
        env.problem(name, f"cannot be read. {_EXAMPLE}")
        return _local()
    return _memcached(env, name, cache) if kind == "pymemcache" else cache


def _memcached(env: Env, name: str, cache: dict[str, Any]) -> dict[str, Any]:
    if importlib.util.find_spec("pymemcache") is None:
        env.problem(
            name, "needs pymemcache, which is not installed. Add the extra: django-k8s-toolkit[memcached]."
        )
    return {
        **cache,
        # By name: the parser takes another library's where this one is missing.
        "BACKEND": "django.core.cache.backends.memcached.PyMemcacheCache",
        "OPTIONS": {
            **MEMCACHED_TIMEOUTS,
            "no_delay": True,
            **{key.lower(): value for key, value in cache.get("OPTIONS", {}).items()},
        },
    }
