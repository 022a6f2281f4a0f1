"""Django's Memcached cache, which fails softly."""

from __future__ import annotations

from django.core.cache.backends.memcached import PyMemcacheCache
from pymemcache.exceptions import MemcacheClientError, MemcacheError

from django_k8s.cache.soft import SoftCache


class SoftMemcachedCache(SoftCache, PyMemcacheCache):
    """A ``PyMemcacheCache`` that behaves as if it were empty while Memcached is down."""

    errors = (OSError, MemcacheError)
    mistakes = (MemcacheClientError,)  # such as an invalid key
