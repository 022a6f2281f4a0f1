"""Takes secrets out of text that is about to be written.

Every secret that the environment gave this process is known by its value; passwords in URLs
are found by their place. Nothing but the standard library: the environment's reader tells what is secret.
"""

from __future__ import annotations

import re

from django_k8s.environment.sources import split_urls

MASK = "***"
# Shorter values would be found in words that have nothing to do with them.
SHORTEST = 6

_IN_URL = re.compile(r"(?<=://)[^\s/@]*:\S*@")  # user:password@, of which a password may hold anything

_known: tuple[str, ...] = ()  # the longest first, since one may be part of another


def add(value: str) -> None:
    """From now on ``value`` is masked, and the password in it if it is a URL."""
    global _known
    from urllib.parse import unquote  # these take their time, and the entrypoint masks nothing

    found = {value, value.strip()}
    for url in split_urls(value):
        # Not by a URL parser: a password with / or # in it is a mistake that is made.
        credentials = url.partition("://")[2].rpartition("@")[0]
        password = credentials.partition(":")[2]
        found |= {password, unquote(password)}
    written = {form for secret in found if len(secret) >= SHORTEST for form in _written(secret)}
    new = written - set(_known)
    if new:
        _known = tuple(sorted({*_known, *new}, key=len, reverse=True))


def reset() -> None:
    """Forget every secret. For tests."""
    global _known
    _known = ()


def _written(secret: str) -> set[str]:
    """How ``secret`` may stand in text: as it is, in a URL, in a form, quoted by Python, in JSON."""
    import json
    from urllib.parse import quote, quote_plus

    quoted = {repr(secret), json.dumps(secret), json.dumps(secret, ensure_ascii=False)}
    return {
        secret,
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
        *(form[1:-1] for form in quoted),
    }


def mask(text: str) -> str:
    """``text`` with *** in the place of each known secret, and of user and password in a URL."""
    for secret in _known:
        if secret in text:
            text = text.replace(secret, MASK)
    if "://" in text and "@" in text:
        text = _IN_URL.sub(f"{MASK}@", text)
    return text
