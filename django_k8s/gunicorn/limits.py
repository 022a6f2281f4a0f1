"""Limits for clients, from the variables: how long a client may be silent, and how much it may send."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from django_k8s.environment import startup
from django_k8s.environment.env import Env

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits for clients. Times are in seconds, and sizes in bytes."""

    guarded: bool
    """Whether a connection gets a thread only for a request that can be served at once."""
    head: int
    """How long a request head may take, from its first byte."""
    silence: int
    """How long a client may make no progress while it sends a body or reads a response."""
    body: int
    """The largest request body; 0 means no limit."""
    copies: int
    """How many copies of a large body Django stores. Under ASGI, it stores the body and then the files in it."""
    uploads: int
    """Space for all large request bodies at the same time, in all processes; 0 means no limit."""
    longest: int
    """The time after which a request is logged with its traceback; 0 means never."""


def copies(env: Env) -> int:
    """Return how many copies of a large body Django may store at the same time."""
    return 2 if env.str("WEB_INTERFACE") == "asgi" else 1


def check(env: Env) -> None:
    """Record a problem if there is not enough space even for a single body of the largest size."""
    body, uploads = env.int("WEB_MAX_BODY_MB"), env.int("WEB_UPLOADS_MB")
    if uploads and body * copies(env) > uploads:
        twice = "twice " if copies(env) > 1 else ""
        env.add_problem(
            "WEB_MAX_BODY_MB",
            f"leaves no space for a body of that size: WEB_UPLOADS_MB must be at least {twice}as much."
            " With the chart, raise web.pod.tmpSize instead.",
        )


@functools.cache
def limits() -> Limits:
    """Return the limits of this process."""
    env = startup.env()
    body = env.int("WEB_MAX_BODY_MB")
    uploads = env.int("WEB_UPLOADS_MB") if body else 0
    return Limits(
        guarded=env.bool("WEB_GUARD"),
        head=env.int("WEB_HEAD_SECONDS"),
        silence=env.int("WEB_CLIENT_SECONDS"),
        body=body * _MEBIBYTE,
        copies=copies(env),
        uploads=uploads * _MEBIBYTE,
        longest=env.int("WEB_LONGEST_REQUEST_SECONDS"),
    )
