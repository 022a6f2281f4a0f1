"""A cache that fails softly: while its server is away it is empty, and no request fails for it."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import BaseCache, cache, caches
from django.test import override_settings
from support import servers
from support.patience import patience
from support.ports import free_port
from support.process import wait_until

from django_k8s import Env
from django_k8s import settings as k8s
from django_k8s.cache import soft
from django_k8s.health.cache import Cache
from django_k8s.observability.once_a_minute import OnceAMinute

REDIS = "django_k8s.cache.redis.SoftRedisCache"
MEMCACHED = "django_k8s.cache.memcached.SoftMemcachedCache"


@pytest.fixture(autouse=True)
def _known() -> None:
    """What this process knows of the servers of other tests is forgotten."""
    soft._servers.clear()


@pytest.fixture
def silent() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(50)
        yield int(listener.getsockname()[1])


def cache_at(url: str, **project: Any) -> Any:
    """Settings whose default cache is at ``url`` and fails softly."""
    env = Env(environ={"CACHE_URL": url, "CACHE_FAIL_SOFT": "true", "DEBUG": "1"})
    return override_settings(CACHES={"default": k8s.cache(env, **project)})


def is_empty(found: BaseCache) -> None:
    """A cache that holds nothing and keeps nothing."""
    assert found.get("key") is None
    assert found.get("key", "default") == "default"
    assert found.set("key", 1) is None  # type: ignore[func-returns-value]
    assert found.add("key", 1) is False
    assert found.get_many(["key"]) == {}
    assert found.set_many({"a": 1, "b": 2}) == ["a", "b"]
    assert not found.touch("key")
    assert not found.delete("key")
    assert found.delete_many(["a"]) is None  # type: ignore[func-returns-value]
    assert "key" not in found
    assert not found.has_key("key")
    assert found.get_or_set("key", lambda: 7) == 7
    for change in (found.incr, found.decr):
        with pytest.raises(ValueError, match="not found"):
            change("key")
    found.clear()


@pytest.mark.parametrize("scheme", ["redis", "pymemcache"])
def test_away(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the server is down, every call behaves as with an empty cache."""
    with cache_at(f"{scheme}://127.0.0.1:{free_port()}"):
        is_empty(cache)  # type: ignore[arg-type]
        monkeypatch.setattr(soft, "PAUSE_SECONDS", -1)
        soft._servers.clear()
        is_empty(cache)  # type: ignore[arg-type]
        assert asyncio.run(cache.aget("key", "default")) == "default"


def test_back() -> None:
    """When Redis is back, the same client uses it again."""
    with servers.redis() as server, cache_at(server.url()):

        def kept() -> bool:
            cache.set("key", "value")
            return bool(cache.get("key") == "value")

        assert kept()
        server.kill()
        assert not kept()
        server.start()
        wait_until(kept, 10, "the cache")
        assert cache.add("number", 1) is True
        assert cache.incr("number") == 2
        assert cache.get_many(["key", "number"]) == {"key": "value", "number": 2}
        with pytest.raises(ValueError, match="not found"):
            cache.incr("none")


def test_memcached_works() -> None:
    """While the server is up, the cache works like any other."""
    with servers.memcached() as server, cache_at(server.url):
        cache.set("key", "value")
        assert cache.get("key") == "value"
        assert cache.set_many({"a": 1}) == []
        assert cache.incr("a") == 2
        with pytest.raises(ValueError, match="not found"):
            cache.incr("none")


def test_mistakes_are_raised(redis_server: servers.Redis) -> None:
    """A command that Redis refuses raises an error, because the server is not down."""
    from redis.exceptions import ResponseError

    with cache_at(redis_server.url()):
        cache.set("text", "no number")
        with pytest.raises(ResponseError):
            cache.incr("text")


def test_one_line_a_minute(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    """A warning at once, none from other threads and keys within a minute, and another one after it."""
    caplog.set_level(logging.WARNING, "django_k8s.cache")
    monkeypatch.setattr(soft, "PAUSE_SECONDS", -1)  # each call asks, and fails
    with cache_at(f"redis://:hunter22@127.0.0.1:{free_port()}/0"):
        threads = [
            threading.Thread(target=lambda: [caches["default"].get("key") for _ in range(5)])
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        (record,) = caplog.records
        assert record.levelname == "WARNING"
        assert "The cache is away (ConnectionError: " in record.getMessage()
        assert "hunter22" not in record.getMessage()

        (server,) = soft._servers.values()
        server.warnings = OnceAMinute()
        cache.get("key")
        assert len(caplog.records) == 2


def test_a_page_waits_once(silent: int) -> None:
    """A server that does not answer costs one timeout, not one for each key."""
    with cache_at(
        f"redis://127.0.0.1:{silent}/0", OPTIONS={"socket_timeout": 0.3, "socket_connect_timeout": 0.3}
    ):
        cache.get("first")
        began = time.monotonic()
        assert [cache.get(f"key-{number}") for number in range(50)] == [None] * 50
        assert time.monotonic() - began < patience(0.25)


def test_health_check_sees_it() -> None:
    """Readiness and /healthz notice the failure, although requests do not."""
    with cache_at(f"redis://127.0.0.1:{free_port()}/0"), pytest.raises(Exception, match="refused"):
        Cache("default")(1)


def test_who_decides() -> None:
    """The variable applies to Redis and Memcached, and the project can override it for one cache."""
    env = Env(
        environ={"CACHE_URL": "redis://h/0", "CACHE_FAIL_SOFT": "true", "OTHER_URL": "pymemcache://h:11211"}
    )

    assert k8s.cache(env)["BACKEND"] == REDIS
    assert k8s.cache(env, "OTHER_URL")["BACKEND"] == MEMCACHED
    assert k8s.cache(env, "LOCAL_URL")["BACKEND"] == "django.core.cache.backends.locmem.LocMemCache"
    assert k8s.cache(env, fail_soft=False)["BACKEND"] == "django.core.cache.backends.redis.RedisCache"
    firm = Env(environ={"CACHE_URL": "redis://h/0"})
    assert k8s.cache(firm)["BACKEND"] == "django.core.cache.backends.redis.RedisCache"
    assert k8s.cache(firm, fail_soft=True)["BACKEND"] == REDIS
