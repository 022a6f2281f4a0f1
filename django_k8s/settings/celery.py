"""Defaults for Celery's settings: broker, delivery, limits, results."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import ssl
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from django_k8s.celery import settings_loaded
from django_k8s.environment.connection_urls import encoded, scheme
from django_k8s.environment.env import Env
from django_k8s.environment.local_state import local_state
from django_k8s.settings.redis import redis_options, redis_tls

_SCHEMES = ("redis", "rediss", "amqp", "amqps", "pyamqp", "sqs", "filesystem", "memory", "sentinel")
# A server that has vanished is noticed within 20 seconds. Before kombu 5.7, nothing else checks the connection on which a
# consumer waits for its next message.
_KEEPALIVES = {
    getattr(socket, name): value
    for name, value in (
        ("TCP_KEEPIDLE", 5),
        ("TCP_KEEPINTVL", 5),
        ("TCP_KEEPCNT", 3),
        ("TCP_USER_TIMEOUT", 15_000),  # milliseconds
    )
    if hasattr(socket, name)  # Linux
}
_EXAMPLE = "Write it as redis://host:6379/0 or amqp://user:password@host:5672/vhost."
_SENTINEL = (
    "is of Redis Sentinel, which needs the name of a master."
    ' Write k8s.celery(env, broker_transport_options={"master_name": "NAME"}).'
)
# Celery's own names; packages add others.
_BACKEND_NAMES = """
arangodb azureblockblob cache cassandra consul cosmosdbsql couchbase couchdb database db disabled django-cache
django-db dynamodb elasticsearch file gs mongodb redis rediss riak rpc s3 sentinel
"""
_BACKENDS = frozenset(_BACKEND_NAMES.split())
_UNKNOWN_BACKEND = "is not a backend that Celery knows. Write it as redis://host:6379/2, or install the package that it comes with."
_MISSING = (
    "is missing. Set it, or REDIS_URL. If the project's settings name the broker,"
    " write k8s.celery(env, broker_url=CELERY_BROKER_URL)."
)


def celery(env: Env, **project: Any) -> dict[str, Any]:
    """Return CELERY: where the broker is, how long things may take, and how they fail.

    These are defaults, under Celery's lower-case names. Whatever the project sets wins: CELERY_* in its settings,
    ``app.conf``, a configuration module, or keyword arguments here. Only the last can also adapt the other
    defaults to the kind of the broker::

        CELERY = k8s.celery(env, broker_url=CELERY_BROKER_URL)

    The time zone, serializers, routes, queues and schedules are not among them. In debug mode, messages are files in
    ``base_dir/.state/broker`` by default, so web, worker and beat on one machine work together without a broker.
    Production must name its broker.
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
    named = str(project.get("broker_url") or "")
    url = _broker_url(env, named)
    if (
        not named
        and scheme(url) == "sentinel"
        and not project.get("broker_transport_options", {}).get("master_name")
    ):
        name = "CELERY_BROKER_URL" if env.is_set("CELERY_BROKER_URL") else "REDIS_URL"
        env.add_problem(name, _SENTINEL)
    defaults = {**_broker(env, url), **_delivery(env, url), **_results(env)}
    defaults["broker_transport_options"] |= project.pop("broker_transport_options", {})
    return {**defaults, **project}


def _broker_url(env: Env, named: str) -> str:
    if named:
        return encoded(named)
    name = "CELERY_BROKER_URL" if env.is_set("CELERY_BROKER_URL") else "REDIS_URL"
    url = encoded(env.str(name, ""))
    if url and scheme(url) not in _SCHEMES:
        env.add_problem(name, f"has an unknown scheme. {_EXAMPLE}")
        return ""
    if not url:
        env.embed("CELERY_BROKER_URL (messages are files in .state/broker)")
        if env.production and not env.is_set(name):
            env.add_problem("CELERY_BROKER_URL", _MISSING)
    return url or "filesystem://"


def _broker(env: Env, url: str) -> dict[str, Any]:
    kind = scheme(url)
    broker = "filesystem://" if kind == "filesystem" else url
    settings: dict[str, Any] = {
        "broker_url": broker,
        # Celery prefers CELERY_BROKER_URL of the environment, unchanged. These two win over it.
        "broker_read_url": broker,
        "broker_write_url": broker,
        "broker_transport_options": _transport_options(env, url),
        "broker_connection_retry_on_startup": True,
        # A broker that answers with an error, such as a Redis that has become a replica, does not end the worker either.
        "broker_channel_error_retry": True,
        "broker_connection_max_retries": None,  # the probe decides when to give up, not Celery
    }
    if kind in ("amqp", "amqps", "pyamqp"):
        # In seconds: a connection is closed after two intervals of silence. With Celery's 120, a consumer could hang on a
        # half-open connection for minutes, while its loop still runs.
        settings["broker_heartbeat"] = 10
        # The worker's queue for commands. If it were exclusive, the broker would refuse it to the new connection until it
        # has closed the old one, and this would end the worker.
        settings["control_queue_exclusive"] = False
    if tls := _broker_tls(env, url):
        settings["broker_use_ssl"] = tls
    return settings


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


def _transport_options(env: Env, url: str) -> dict[str, Any]:
    kind = scheme(url)
    visibility = env.int("CELERY_VISIBILITY_TIMEOUT_SECONDS")
    if kind in ("redis", "rediss", "sentinel"):
        return {
            **{key: value for key, value in redis_options(env, url).items() if not key.startswith("ssl")},
            "socket_keepalive_options": _KEEPALIVES,
            "visibility_timeout": visibility,
            # Look for tasks of dead workers every 30 s instead of every 100 s.
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 3,
        }
    if kind == "sqs":
        return {"visibility_timeout": visibility}
    if kind in ("amqp", "amqps", "pyamqp"):
        # .delay() returns only after the broker has confirmed that it stored the message.
        return {"confirm_publish": True, "read_timeout": 10, "write_timeout": 10}
    if kind == "filesystem":
        if named := url.partition("://")[2]:
            return _directories(env, Path(named))
        return _directories(
            env, (env.base_dir / ".state" if env.build else local_state(env.base_dir)) / "broker"
        )
    return {}


def _directories(env: Env, directory: Path) -> dict[str, Any]:
    if not env.build:
        # A project without Celery may run on a read-only root, and this must not stop it.
        with contextlib.suppress(OSError):
            for name in ("messages", "control", "processed"):
                (directory / name).mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(directory / "messages"),
        "data_folder_out": str(directory / "messages"),
        "control_folder": str(directory / "control"),
        "processed_folder": str(directory / "processed"),
        "store_processed": False,
    }


def _broker_tls(env: Env, url: str) -> dict[str, Any]:
    """Return the options for verified TLS. By default, Celery does not check the certificate of rediss://."""
    if scheme(url) == "amqps":
        # kombu replaces None with the broker's host name, which is then checked.
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}
    tls = redis_tls(env, url)
    return {**tls, "ssl_cert_reqs": ssl.CERT_REQUIRED} if tls else {}


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
    if tls := redis_tls(env, backend):
        settings["redis_backend_use_ssl"] = {**tls, "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return settings
