"""Django's cache on Redis, failing softly."""

from __future__ import annotations

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import ReadOnlyError
from redis.exceptions import TimeoutError as NoAnswer

from django_k8s.cache.soft import SoftCache


class SoftRedisCache(SoftCache, RedisCache):
    """``RedisCache``, which is empty while Redis is away."""

    errors = (NoConnection, NoAnswer, ReadOnlyError)  # the last one during a failover
