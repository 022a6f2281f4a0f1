"""Celery's settings: broker, delivery, limits, beat."""

from __future__ import annotations

import contextlib
import ssl
from pathlib import Path
from typing import Any

from django_k8s.env import Env
from django_k8s.settings.redis import redis_options, redis_tls
from django_k8s.settings.urls import encoded, scheme

_SCHEMES = ("redis", "rediss", "amqp", "amqps", "pyamqp", "sqs", "filesystem", "memory")
_EXAMPLE = "Write it as redis://host:6379/0 or amqp://user:password@host:5672/vhost."


def celery(env: Env, base_dir: Path) -> dict[str, Any]:
    """Celery's settings with the prefix CELERY\\_, by name.

    Without CELERY_BROKER_URL and REDIS_URL messages are files in ``base_dir/.state/broker``: web,
    worker and beat of one machine work together with nothing installed. That is for development.
    """
    url = _broker_url(env)
    kind = scheme(url)
    late = env.bool("CELERY_TASK_ACKS_LATE")
    broker = "filesystem://" if kind == "filesystem" else url
    settings: dict[str, Any] = {
        "CELERY_BROKER_URL": broker,
        # Celery prefers the environment's CELERY_BROKER_URL as it stands; these two win over it.
        "CELERY_BROKER_READ_URL": broker,
        "CELERY_BROKER_WRITE_URL": broker,
        "CELERY_BROKER_TRANSPORT_OPTIONS": _transport_options(env, url, base_dir),
        "CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP": True,
        "CELERY_BROKER_CONNECTION_MAX_RETRIES": None,  # the probe decides when to give up, not Celery
        "CELERY_TASK_ACKS_LATE": late,
        # On loss of a worker process the task is retried within its max_retries;
        # task_reject_on_worker_lost would run a task that kills its process for ever.
        "CELERY_TASK_RETRY_ON_WORKER_LOST": late,
        "CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS": False,
        "CELERY_WORKER_PREFETCH_MULTIPLIER": 1,
        "CELERY_WORKER_CONCURRENCY": env.int("WORKER_CONCURRENCY") or "auto",
        "CELERY_WORKER_POOL": env.str("WORKER_POOL"),
        "CELERY_WORKER_HIJACK_ROOT_LOGGER": False,
        "CELERY_TASK_SEND_SENT_EVENT": False,
        "CELERY_TIMEZONE": "UTC",
        "CELERY_DB_REUSE_MAX": env.int("CELERY_DB_REUSE_MAX"),
        # Another class runs under the same lock.
        "CELERY_BEAT_SCHEDULER": f"django_k8s.celery.{'lock:scheduler' if env.is_set('BEAT_SCHEDULER') else 'beat:Scheduler'}",
    }
    # Redis hands a prefetched task to no other worker, so a worker takes none it cannot start.
    if late and kind in ("redis", "rediss"):
        settings["CELERY_WORKER_DISABLE_PREFETCH"] = True
    if kind in ("amqp", "amqps", "pyamqp"):
        # In seconds: a connection is given up after two without a word. Celery's 120 would hang a consumer, whose loop
        # still turns, for minutes at a half-open one.
        settings["CELERY_BROKER_HEARTBEAT"] = 10
        # The worker's queue for commands, which the broker holds until it has given up the old connection too: an
        # exclusive one is refused to the new connection, and that ends the worker.
        settings["CELERY_CONTROL_QUEUE_EXCLUSIVE"] = False
    for name, variable in (
        ("CELERY_TASK_TIME_LIMIT", "CELERY_TASK_TIME_LIMIT_SECONDS"),
        ("CELERY_TASK_SOFT_TIME_LIMIT", "CELERY_TASK_SOFT_TIME_LIMIT_SECONDS"),
        ("CELERY_WORKER_MAX_TASKS_PER_CHILD", "WORKER_MAX_TASKS_PER_CHILD"),
    ):
        if env.int(variable):
            settings[name] = env.int(variable)
    if tls := _broker_tls(env, url):
        settings["CELERY_BROKER_USE_SSL"] = tls
    return {**settings, **_results(env)}


def _broker_url(env: Env) -> str:
    name = "CELERY_BROKER_URL" if env.is_set("CELERY_BROKER_URL") else "REDIS_URL"
    url = encoded(env.str(name, "", secret=True))
    if url and scheme(url) not in _SCHEMES:
        env.problem(name, f"has an unknown scheme. {_EXAMPLE}")
        return ""
    return url or "filesystem://"


def _transport_options(env: Env, url: str, base_dir: Path) -> dict[str, Any]:
    kind = scheme(url)
    visibility = env.int("CELERY_VISIBILITY_TIMEOUT_SECONDS")
    if kind in ("redis", "rediss"):
        return {
            **{key: value for key, value in redis_options(env, url).items() if not key.startswith("ssl")},
            "visibility_timeout": visibility,
            # Tasks of a dead worker are looked for every 30 s in place of every 100 s.
            "unacked_restore_interval": 10,
            "unacked_restore_throttle": 3,
        }
    if kind == "sqs":
        return {"visibility_timeout": visibility}
    if kind in ("amqp", "amqps", "pyamqp"):
        # The broker confirms what it stored before .delay() returns.
        return {"confirm_publish": True, "read_timeout": 10, "write_timeout": 10}
    if kind == "filesystem":
        return _folders(env, Path(url.partition("://")[2] or base_dir / ".state" / "broker"))
    return {}


def _folders(env: Env, folder: Path) -> dict[str, Any]:
    if not env.build:
        # A project without Celery may stand on a read-only root: it is not for us to stop it.
        with contextlib.suppress(OSError):
            for name in ("messages", "control", "processed"):
                (folder / name).mkdir(parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folder / "messages"),
        "data_folder_out": str(folder / "messages"),
        "control_folder": str(folder / "control"),
        "processed_folder": str(folder / "processed"),
        "store_processed": False,
    }


def _broker_tls(env: Env, url: str) -> dict[str, Any]:
    """Verified TLS; Celery's own default for rediss:// is not to check the certificate."""
    if scheme(url) == "amqps":
        # The None is filled in with the broker's host name, which is then checked.
        return {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}
    tls = redis_tls(env, url)
    return {**tls, "ssl_cert_reqs": ssl.CERT_REQUIRED} if tls else {}


def _results(env: Env) -> dict[str, Any]:
    backend = encoded(env.str("CELERY_RESULT_BACKEND", secret=True))
    if not backend:
        return {"CELERY_TASK_IGNORE_RESULT": True}
    if backend != env.str("CELERY_RESULT_BACKEND", secret=True):
        env.problem(
            "CELERY_RESULT_BACKEND",
            "has a password with special characters, and Celery reads this variable itself. Percent-encode the password.",
        )
    results: dict[str, Any] = {"CELERY_RESULT_BACKEND": backend}
    if scheme(backend) in ("redis", "rediss"):
        options = redis_options(env, backend)
        results["CELERY_REDIS_SOCKET_TIMEOUT"] = options["socket_timeout"]
        results["CELERY_REDIS_SOCKET_CONNECT_TIMEOUT"] = options["socket_connect_timeout"]
        results["CELERY_REDIS_SOCKET_KEEPALIVE"] = True
        results["CELERY_REDIS_BACKEND_HEALTH_CHECK_INTERVAL"] = options["health_check_interval"]
        if tls := redis_tls(env, backend):
            results["CELERY_REDIS_BACKEND_USE_SSL"] = {**tls, "ssl_cert_reqs": ssl.CERT_REQUIRED}
    return results
