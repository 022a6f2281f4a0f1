"""A cache that does not fail while its server is down."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from django_k8s.observability.once_a_minute import SECONDS, OnceAMinute

# A page that asks for many keys waits for only one timeout.
PAUSE_SECONDS = 1.0

_log = logging.getLogger("django_k8s.cache")


@dataclass
class _Server:
    """What this process knows of the servers of a cache."""

    away_until: float = -math.inf
    warnings: OnceAMinute = field(default_factory=OnceAMinute)

    def failed(self, error: Exception) -> None:
        self.away_until = time.monotonic() + PAUSE_SECONDS
        if self.warnings.is_due():
            _log.warning(
                "The cache is away (%s: %s). Until it is back, every key counts as missing, and nothing is stored."
                " Further failures are not logged for %d seconds.",
                type(error).__name__, error, SECONDS,
            )  # fmt: skip


# Django makes a cache for each thread.
_servers: dict[tuple[str, str], _Server] = {}


class SoftCache(BaseCache):
    """A mixin before a backend. While its server is down, the cache is empty and stores nothing.

    A failure is logged as a warning, at most once a minute in each process, and the server is left alone for a second.
    ``errors`` are the exceptions of a server that is down, except for ``mistakes``. All others are raised.
    """

    errors: tuple[type[Exception], ...] = ()
    mistakes: tuple[type[Exception], ...] = ()

    def __init__(self, location: Any, params: dict[str, Any]) -> None:
        # The backend's own __init__ also takes the location.
        super().__init__(location, params)  # type: ignore[call-arg]
        self._server = _servers.setdefault((type(self).__name__, str(location)), _Server())

    def _ask(self, method: Callable[..., Any], missing: Any, *args: Any) -> Any:
        if time.monotonic() < self._server.away_until:
            return missing
        try:
            return method(*args)
        except self.mistakes:
            raise
        except self.errors as error:
            self._server.failed(error)
            return missing

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> Any:
        """Add a key. Return False while the server is down."""
        return self._ask(super().add, False, key, value, timeout, version)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """Return the value of a key, or ``default`` while the server is down."""
        return self._ask(super().get, default, key, default, version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Set a key, unless the server is down."""
        self._ask(super().set, None, key, value, timeout, version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> Any:
        """Give a key a new timeout. Return False while the server is down."""
        return self._ask(super().touch, False, key, timeout, version)

    def delete(self, key: Any, version: int | None = None) -> Any:
        """Delete a key. While the server is down, return False; the key still exists when it is back."""
        return self._ask(super().delete, False, key, version)

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> Any:
        """Return the keys that exist, or none while the server is down."""
        return self._ask(super().get_many, {}, keys, version)

    def has_key(self, key: Any, version: int | None = None) -> Any:
        """Return whether a key exists, or False while the server is down."""
        return self._ask(super().has_key, False, key, version)

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> Any:
        """Add to a number. While the server is down, raise ValueError, as for any missing key."""
        found = self._ask(super().incr, None, key, delta, version)
        if found is None:
            raise ValueError(f"Key '{key}' not found")
        return found

    def set_many(
        self, data: Mapping[Any, Any], timeout: Any = DEFAULT_TIMEOUT, version: int | None = None
    ) -> Any:
        """Set several keys, and return those that were not stored: all of them while the server is down."""
        return self._ask(super().set_many, list(data), data, timeout, version)

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        """Delete several keys, unless the server is down."""
        self._ask(super().delete_many, None, keys, version)

    def clear(self) -> Any:
        """Delete all keys. Return False while the server is down."""
        return self._ask(super().clear, False)
