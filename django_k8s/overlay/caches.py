"""The project's CACHES, at the addresses from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django_k8s.environment.env import Env
from django_k8s.overlay.names import variable
from django_k8s.overlay.redis import moved
from django_k8s.settings.caches import MEMCACHED_OPTIONS, cache, softened
from django_k8s.settings.redis import redis_options

_REDIS = "django.core.cache.backends.redis.RedisCache"
_DJANGO_REDIS = "django_redis.cache.RedisCache"
_PYMEMCACHE = "django.core.cache.backends.memcached.PyMemcacheCache"


def caches(env: Env, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return CACHES with timeouts added to each cache on Redis (Django's or django-redis) or Memcached (pymemcache).

    CACHE_URL is the address of ``default``, RENDITIONS_CACHE_URL that of ``renditions``, and so on for other aliases.
    Without these variables, each cache keeps its address. Only a Redis on localhost, which no pod has, is replaced by
    REDIS_URL, with the same database number.

    The project's OPTIONS, TIMEOUT, KEY_PREFIX and other aliases are kept and override the defaults. Its BACKEND is kept
    too, unless the URL is for another kind of cache or CACHE_FAIL_SOFT is on. CACHE_KEY_PREFIX is put before the project's
    own prefix. A project without caches gets ``default``.
    """
    if not project:
        return {"default": cache(env)}
    return {alias: _cache(env, variable(alias, "CACHE_URL"), own) for alias, own in project.items()}


def _cache(env: Env, name: str, project: Mapping[str, Any]) -> dict[str, Any]:
    own = {**project, "LOCATION": _located(env, project.get("LOCATION", ""))}
    if env.is_set(name):
        named = cache(env, name)
        if _family(named) == _family(project):
            own["LOCATION"] = named["LOCATION"]
        else:
            # The project's options are for another kind of cache.
            own = {**own, **{key: named.get(key) for key in ("BACKEND", "LOCATION", "OPTIONS")}}
    prefixes = (env.str("CACHE_KEY_PREFIX"), project.get("KEY_PREFIX"))
    own["KEY_PREFIX"] = ":".join(prefix for prefix in prefixes if prefix)
    own["OPTIONS"] = _options(env, own)
    return {key: value for key, value in softened(env, own).items() if key in project or value}


def _located(env: Env, location: Any) -> Any:
    if isinstance(location, str):
        return moved(env, location)
    return [moved(env, str(one)) for one in location] if isinstance(location, list | tuple) else location


def _family(cache: Mapping[str, Any]) -> str:
    backend = str(cache.get("BACKEND", ""))
    return next((family for family in ("redis", "memcache") if family in backend.lower()), backend)


def _options(env: Env, cache: Mapping[str, Any]) -> dict[str, Any]:
    own = dict(cache.get("OPTIONS") or {})
    location = cache["LOCATION"]
    url = str(location if isinstance(location, str) else next(iter(location), ""))
    if cache.get("BACKEND") == _REDIS:
        return {**redis_options(env, url), **own}
    if cache.get("BACKEND") == _DJANGO_REDIS:
        pool = redis_options(env, url)
        timeouts = {name: pool.pop(name.lower()) for name in ("SOCKET_CONNECT_TIMEOUT", "SOCKET_TIMEOUT")}
        soft = {"IGNORE_EXCEPTIONS": True} if env.bool("CACHE_FAIL_SOFT") else {}
        return {
            **timeouts,
            **soft,
            **own,
            "CONNECTION_POOL_KWARGS": {**pool, **own.get("CONNECTION_POOL_KWARGS", {})},
        }
    if cache.get("BACKEND") == _PYMEMCACHE:
        return {**MEMCACHED_OPTIONS, **own}
    return own
