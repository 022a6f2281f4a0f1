"""Django's Redis cache, which fails softly."""

from __future__ import annotations

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import ConnectionError as NoConnection
from redis.exceptions import ReadOnlyError
from redis.exceptions import TimeoutError as NoAnswer

from django_k8s.cache.soft import SoftCache


class SoftRedisCache(SoftCache, RedisCache):
    """A ``RedisCache`` that behaves as if it were empty while Redis is down."""

    errors = (NoConnection, NoAnswer, ReadOnlyError)  # the last happens during a failover
