"""The health check of a cache."""

from __future__ import annotations

import contextlib
import secrets
from typing import Any

from django.core.cache import BaseCache, caches
from django.utils.module_loading import import_string

from django_k8s.health.results import Unhealthy

# The options of each backend that limit the time of a call.
_TIMEOUTS = {
    "django.core.cache.backends.redis.RedisCache": ("socket_timeout", "socket_connect_timeout"),
    "django.core.cache.backends.memcached.PyMemcacheCache": ("timeout", "connect_timeout"),
}
# The check needs the exceptions that these backends suppress, so it uses the backends on the right.
_FIRM = {
    "django_k8s.cache.redis.SoftRedisCache": "django.core.cache.backends.redis.RedisCache",
    "django_k8s.cache.memcached.SoftMemcachedCache": "django.core.cache.backends.memcached.PyMemcacheCache",
}


class Cache:
    """Set, get and delete one random key of a cache alias, with a client of its own."""

    def __init__(self, alias: str) -> None:
        self.alias = alias

    def __call__(self, timeout: float) -> None:
        """Raise Unhealthy if the value cannot be read back, or what the client raises."""
        cache = self._client(timeout)
        key, value = f"django_k8s.health.{secrets.token_hex(8)}", secrets.token_hex(8)
        try:
            cache.set(key, value, 60)
            if cache.get(key) != value:
                raise Unhealthy("the value that was set could not be read back")
            cache.delete(key)
        finally:
            _close(cache)

    def _client(self, timeout: float) -> BaseCache:
        params: dict[str, Any] = {**caches.settings[self.alias]}
        kind, location = params.pop("BACKEND"), params.pop("LOCATION", "")
        kind = _FIRM.get(kind, kind)
        # The project's own timeouts are for its requests. Here they would exceed the deadline.
        if names := _TIMEOUTS.get(kind):
            params["OPTIONS"] = {**params.get("OPTIONS", {}), **dict.fromkeys(names, timeout)}
        cache: BaseCache = import_string(kind)(location, params)
        return cache


def _close(cache: BaseCache) -> None:
    """Close the connections now. Django's Redis backend would leave them to the garbage collector."""
    with contextlib.suppress(Exception):
        cache.close()
    for pool in getattr(vars(cache).get("_cache"), "_pools", {}).values():
        pool.disconnect()
