"""Connection options for Redis, which cache and broker share."""

from __future__ import annotations

import ssl
from typing import Any

from django_k8s.environment.connection_urls import scheme
from django_k8s.environment.env import Env


def redis_options(env: Env, url: str) -> dict[str, Any]:
    """Return redis-py's connection options, with timeouts and with verified TLS.

    Without a socket timeout, a half-open connection would hang a worker or beat forever.
    """
    options: dict[str, Any] = {
        "socket_connect_timeout": 5,
        "socket_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 5,
    }
    return {**options, **redis_tls(env, url)}


def redis_tls(env: Env, url: str) -> dict[str, Any]:
    """Return redis-py's TLS options for a rediss:// URL, or an empty dictionary for any other URL."""
    if scheme(url) != "rediss":
        return {}
    authority = env.str("REDIS_CA_CERTS")
    return {"ssl_cert_reqs": "required", **({"ssl_ca_certs": authority} if authority else {})}


def celery_redis_tls(env: Env, url: str) -> dict[str, Any]:
    """Return the same options for Celery, which does not check a certificate by default and takes ssl's constant."""
    tls = redis_tls(env, url)
    return {**tls, "ssl_cert_reqs": ssl.CERT_REQUIRED} if tls else {}
