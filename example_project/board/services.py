"""The state of what the project stands on: database, cache, broker and media."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import default_storage
from django.db import connection

_CACHES = {"RedisCache": "Redis", "LocMemCache": "Local memory", "DatabaseCache": "A database table"}
_BROKERS = {"redis": "Redis", "rediss": "Redis over TLS", "amqp": "RabbitMQ", "amqps": "RabbitMQ over TLS"}
_BROKERS |= {"sqs": "Amazon SQS", "filesystem": "Files in a folder", "memory": "Memory"}


@dataclass
class Service:
    """One service: its name, what kind it is, and whether it answers."""

    name: str
    kind: str
    state: str  # ok, down

    @property
    def word(self) -> str:
        return {"ok": "Answers", "down": "Does not answer"}[self.state]


def look() -> list[Service]:
    """Ask every service whether it answers."""
    return [
        _asked("database", connection.display_name, _database),
        _asked("cache", _CACHES.get(type(cache._connections["default"]).__name__, "Cache"), _cache),
        _asked("broker", _BROKERS.get(settings.CELERY_BROKER_URL.partition(":")[0], "Broker"), _broker),
        Service("media", "Folder" if hasattr(default_storage, "location") else "Bucket", "ok"),
    ]


def _asked(name: str, kind: str, question: Callable[[], object]) -> Service:
    with contextlib.suppress(Exception):
        question()
        return Service(name, kind, "ok")
    return Service(name, kind, "down")


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    cache.get("board")


def _broker() -> None:
    from config.celery import app

    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
