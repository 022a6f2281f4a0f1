"""Defaults for Celery's settings: delivery, limits, results, and those of its broker."""

from __future__ import annotations

import importlib.util
from importlib.metadata import entry_points
from typing import Any

from django_k8s.celery import settings_loaded
from django_k8s.environment.connection_urls import encoded, scheme
from django_k8s.environment.env import Env
from django_k8s.settings.broker import broker, broker_url
from django_k8s.settings.redis import celery_redis_tls, redis_options

# Celery's own names; packages add others.
_BACKEND_NAMES = """
arangodb azureblockblob cache cassandra consul cosmosdbsql couchbase couchdb database db disabled django-cache
django-db dynamodb elasticsearch file gs mongodb redis rediss riak rpc s3 sentinel
"""
_BACKENDS = frozenset(_BACKEND_NAMES.split())
_UNKNOWN_BACKEND = "is not a backend that Celery knows. Write it as redis://host:6379/2, or install the package that it comes with."


def celery(env: Env, **project: Any) -> dict[str, Any]:
    """Return CELERY: the address of the broker, timeouts, and how to handle failures.

    These are defaults, under Celery's lower-case names. Whatever the project sets overrides them: CELERY_* in its settings,
    ``app.conf``, a configuration module, or keyword arguments here. Only the last can also adapt the other
    defaults to the kind of the broker::

        CELERY = k8s.celery(env, broker_url=CELERY_BROKER_URL)

    They do not include the time zone, serializers, routes, queues and schedules. In debug mode, messages are files in
    ``base_dir/.state/broker`` by default, so web, worker and beat on one machine work together without a broker.
    In production, the broker must be set.
    """
    if importlib.util.find_spec("celery") is None:
        env.add_problem(
            "CELERY",
            "the settings call k8s.celery(env), but Celery is not installed."
            " Add the extra django-k8s-toolkit[worker], or delete the line.",
        )
    else:
        # An application that already exists may read its configuration at any time.
        settings_loaded()
    url = broker_url(env, project)
    defaults = {**broker(env, url), **_delivery(env, url), **_results(env)}
    defaults["broker_transport_options"] |= project.pop("broker_transport_options", {})
    return {**defaults, **project}


def _delivery(env: Env, url: str) -> dict[str, Any]:
    late = env.bool("CELERY_TASK_ACKS_LATE")
    settings: dict[str, Any] = {
        "task_acks_late": late,
        # If a worker process is lost, its task is retried within its max_retries (from Celery 5.7 on);
        # task_reject_on_worker_lost would run a task that kills its process forever.
        "task_retry_on_worker_lost": late,
        "worker_prefetch_multiplier": 1,
        # Celery reads this one under its name in Django's settings.
        "CELERY_DB_REUSE_MAX": env.int("CELERY_DB_REUSE_MAX"),
        "beat_scheduler": env.str("BEAT_SCHEDULER"),
        # Schedulers that store when an entry ran do so at once, so that another beat can continue from there.
        "beat_sync_every": 1,
    }
    # Redis gives a prefetched task to no other worker, so a worker takes only tasks that it can start (Celery 5.6 and later).
    if late and scheme(url) in ("redis", "rediss"):
        settings["worker_disable_prefetch"] = True
    for name, variable in (
        ("task_time_limit", "CELERY_TASK_TIME_LIMIT_SECONDS"),
        ("task_soft_time_limit", "CELERY_TASK_SOFT_TIME_LIMIT_SECONDS"),
        ("worker_concurrency", "WORKER_CONCURRENCY"),
        ("worker_max_tasks_per_child", "WORKER_MAX_TASKS_PER_CHILD"),
    ):
        if env.int(variable):
            settings[name] = env.int(variable)
    if env.is_set("WORKER_POOL"):
        settings["worker_pool"] = env.str("WORKER_POOL")
    return settings


def _is_backend(backend: str) -> bool:
    kind = scheme(backend).partition("+")[0]
    if kind in _BACKENDS or "." in kind or ":" in kind:  # the path of a class
        return True
    return any(found.name == kind for found in entry_points(group="celery.result_backends"))


def _results(env: Env) -> dict[str, Any]:
    backend = encoded(env.str("CELERY_RESULT_BACKEND"))
    if backend != env.str("CELERY_RESULT_BACKEND"):
        env.add_problem(
            "CELERY_RESULT_BACKEND",
            "has a password with special characters, and Celery reads this variable itself. Percent-encode the password.",
        )
    if backend and not _is_backend(backend):
        env.add_problem("CELERY_RESULT_BACKEND", _UNKNOWN_BACKEND)
    # Useful for a backend of the project, too.
    options = redis_options(env, backend)
    settings: dict[str, Any] = {
        "redis_socket_timeout": options["socket_timeout"],
        "redis_socket_connect_timeout": options["socket_connect_timeout"],
        "redis_socket_keepalive": True,
        "redis_backend_health_check_interval": options["health_check_interval"],
    }
    if backend:
        settings["result_backend"] = backend
    if tls := celery_redis_tls(env, backend):
        settings["redis_backend_use_ssl"] = tls
    return settings
