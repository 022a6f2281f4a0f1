"""What the project stands on: database, cache, broker and media, and whether each answers."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.core.files.storage import FileSystemStorage, storages
from django.db import connection

_CACHES = {"RedisCache": "Redis", "LocMemCache": "Local memory", "DatabaseCache": "A table of the database"}
_CACHES |= {"PyMemcacheCache": "Memcached"}
_BROKERS = {"redis": "Redis", "rediss": "Redis over TLS", "amqp": "RabbitMQ", "amqps": "RabbitMQ over TLS"}
_BROKERS |= {"sqs": "Amazon SQS", "filesystem": "Files in a directory"}


@dataclass
class Service:
    """One service: its name, of what kind it is, and whether it answers."""

    name: str
    kind: str
    ok: bool

    @property
    def state(self) -> str:
        return "ok" if self.ok else "down"

    @property
    def word(self) -> str:
        return "Answers" if self.ok else "Does not answer"


@cache
def _runner() -> Any:
    """The library's health checks: under one deadline, and asked once for all readers of some seconds."""
    from django_k8s.health import make_checks
    from django_k8s.health.runner import CheckRunner

    names = ["database", "cache", "storage", *(["broker"] if settings.WITH_CELERY else [])]
    return CheckRunner(make_checks(names), timeout=2, keep=3)


def look() -> list[Service]:
    """Ask every service whether it answers."""
    ok = {result.name: result.ok for result in _runner().report().results}
    backend = settings.CACHES["default"]["BACKEND"].rpartition(".")[2]
    directory = isinstance(storages["default"], FileSystemStorage)
    found = [
        Service("database", connection.display_name, ok["database"]),
        Service("cache", _CACHES.get(backend, backend), ok["cache"]),
        Service("media", "A directory" if directory else "A bucket", ok["storage"]),
    ]
    if settings.WITH_CELERY:
        broker = settings.CELERY["broker_url"].partition(":")[0]
        found.insert(2, Service("broker", _BROKERS.get(broker, broker), ok["broker"]))
    return found
