"""Celery's broker: its address, the options of its transport, and TLS."""

from __future__ import annotations

import contextlib
import socket
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django_k8s.environment.connection_urls import encoded, scheme
from django_k8s.environment.env import Env
from django_k8s.environment.local_state import local_state
from django_k8s.settings.redis import celery_redis_tls, redis_options

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
_MISSING = (
    "is missing. Set it, or REDIS_URL. If the project's settings name the broker,"
    " write k8s.celery(env, broker_url=CELERY_BROKER_URL)."
)


def broker_url(env: Env, project: Mapping[str, Any]) -> str:
    """Return the address of the broker: the project's own, or that of the environment. Record a problem if it is wrong."""
    if named := str(project.get("broker_url") or ""):
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
    if scheme(url) == "sentinel" and not project.get("broker_transport_options", {}).get("master_name"):
        env.add_problem(name, _SENTINEL)
    return url or "filesystem://"


def broker(env: Env, url: str) -> dict[str, Any]:
    """Return the settings of Celery that depend on the kind of broker."""
    kind = scheme(url)
    address = "filesystem://" if kind == "filesystem" else url
    settings: dict[str, Any] = {
        "broker_url": address,
        # Celery prefers the unchanged CELERY_BROKER_URL of the environment. These two override it.
        "broker_read_url": address,
        "broker_write_url": address,
        "broker_transport_options": _transport_options(env, url),
        "broker_connection_retry_on_startup": True,
        # A broker that answers with an error, such as a Redis that has become a replica, must not end the worker either.
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
    return celery_redis_tls(env, url)
