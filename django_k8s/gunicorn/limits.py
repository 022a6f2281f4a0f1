"""What the variables say about clients: how long one may be silent, and how much it may send."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from django_k8s.environment import startup

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Times are in seconds. Sizes are in bytes."""

    guarded: bool
    """Whether a connection gets a thread only for a request that can be served at once."""
    head: int
    """How long a request head may take from its first byte."""
    silence: int
    """How long a client may make no progress with a body that it sends or an answer that it reads."""
    body: int
    """The largest request body; 0 means no limit."""
    copies: int
    """How often Django stores a large body: under ASGI as it arrives, and its files once more."""
    uploads: int
    """Room for all large request bodies at the same time, in all processes; 0 means no limit."""
    longest: int
    """A request that takes longer is logged with its traceback; 0 means none."""


@functools.cache
def limits() -> Limits:
    """Return the limits of this process."""
    env = startup.env()
    body = env.int("WEB_MAX_BODY_MB")
    # The largest body of all must have room when it is alone.
    copies = 2 if env.str("WEB_INTERFACE") == "asgi" else 1
    uploads = max(env.int("WEB_UPLOADS_MB"), body * copies) if body and env.int("WEB_UPLOADS_MB") else 0
    return Limits(
        guarded=env.bool("WEB_GUARD"),
        head=env.int("WEB_HEAD_SECONDS"),
        silence=env.int("WEB_CLIENT_SECONDS"),
        body=body * _MEBIBYTE,
        copies=copies,
        uploads=uploads * _MEBIBYTE,
        longest=env.int("WEB_LONGEST_REQUEST_SECONDS"),
    )
