"""CACHES from CACHE_URL or REDIS_URL."""

from __future__ import annotations

from typing import Any

from django_k8s.env import Env
from django_k8s.settings.redis import redis_options
from django_k8s.settings.urls import encoded, scheme

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
    if kind not in Environ.CACHE_SCHEMES:
        env.problem(name, f"has an unknown scheme. {_EXAMPLE}")
        return _local()
    try:
        return dict(Environ.cache_url_config(encoded(url)))
    except (ValueError, TypeError):
        env.problem(name, f"cannot be read. {_EXAMPLE}")
        return _local()
