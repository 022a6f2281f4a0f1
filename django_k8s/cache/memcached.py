"""Django's cache on Memcached, failing softly."""

from __future__ import annotations

from django.core.cache.backends.memcached import PyMemcacheCache
from pymemcache.exceptions import MemcacheClientError, MemcacheError

from django_k8s.cache.soft import SoftCache


class SoftMemcachedCache(SoftCache, PyMemcacheCache):
    """``PyMemcacheCache``, which is empty while Memcached is away."""

    errors = (OSError, MemcacheError)
    mistakes = (MemcacheClientError,)  # such as an impossible key
