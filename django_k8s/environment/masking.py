"""Mask secrets in text before it is written.

Secrets from the environment are known by their value. Passwords in URLs are found by their position. Only the
standard library is used: the reader of the environment registers what is secret.

A stranger may have written the text, so everything here takes time proportional to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from django_k8s.environment.sources import split_urls

MASK = "***"
# Shorter values would be found in unrelated words.
SHORTEST = 6

# Words in the log of any site. Masking one would make the log unreadable and hide nothing, since attackers try it
# first.
_COMMON = """
access account address administrator application backend broker celery client cluster config connection database
default delete development django docker error example exception failed gunicorn handler health insert kubernetes
localhost logger manage master memcached message method middleware migrate module mongodb network number object
online package password passwords process production project public python rabbitmq receive release report request
response return running scheduler secret secrets select server service session settings signal sqlite staging
started static status stopped string success succeeded system template testing thread timeout traceback update
upload username version waiting warning website worker postgis postgres postgresql 000000 111111 123456 1234567
12345678 123456789 1234567890
"""
COMMON = frozenset(_COMMON.split())

_LONGEST_NAME = 64
_RUN = re.compile(r"\S*")

_known: tuple[str, ...] = ()  # the longest first, since one may be part of another


def is_common(value: str) -> bool:
    """Return whether ``value``, or its password if it is a URL, is a word that is not masked in logs.

    This is one of ``COMMON``, or a password that equals the name of its user or database.
    """
    return value.strip().lower() in COMMON or any(_is_word(*parts) for parts in _credentials(value))


def add(value: str) -> None:
    """From now on, mask ``value``, and its password if it is a URL.

    Words that logs need stay: see :func:`is_common`.
    """
    global _known
    from urllib.parse import unquote  # it takes its time, and the entrypoint masks nothing

    found = {value, value.strip()}
    for password, names in _credentials(value):
        if not _is_word(password, names):
            found |= {password, unquote(password)}
    # Output is written line by line.
    lines = {line.strip() for secret in found if "\n" in secret for line in secret.split("\n")}
    forms = lines.union(*(_written(secret) for secret in found if _is_masked(secret)))
    new = {form for form in forms if _is_masked(form)} - set(_known)
    if new:
        _known = tuple(sorted({*_known, *new}, key=len, reverse=True))
        _remembered.cache_clear()


def reset() -> None:
    """Forget every secret. This is for tests."""
    global _known
    _known = ()
    _remembered.cache_clear()


def _is_masked(secret: str) -> bool:
    return len(secret) >= SHORTEST and secret.lower() not in COMMON


def _is_word(password: str, names: tuple[str, ...]) -> bool:
    return len(password) >= SHORTEST and (password.lower() in COMMON or password in names)


def _credentials(value: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the password of each URL in ``value``, and the names of its user and of its database."""
    for url in split_urls(value):
        # Not with a URL parser, because people do write passwords that contain / or #.
        credentials, _, rest = url.partition("://")[2].rpartition("@")
        user, _, password = credentials.partition(":")
        yield password, (user, rest.partition("/")[2].partition("?")[0])


def _written(secret: str) -> set[str]:
    """Return the forms that ``secret`` may have in text: unchanged, in a URL, in a form, quoted by Python, in JSON."""
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
    """Return ``text`` with each known secret, and the user and password of each URL, replaced by ***."""
    for secret in _known:
        if secret in text:
            text = text.replace(secret, MASK)
    if "://" in text and "@" in text:
        text = _without_credentials(text)
    return text


def mask_name(name: str) -> str:
    """Return :func:`mask` of the name of a field. A site has few, so they are remembered."""
    return _remembered(name) if len(name) <= _LONGEST_NAME else mask(name)


@lru_cache(maxsize=1024)
def _remembered(name: str) -> str:
    return mask(name)


def _without_credentials(text: str) -> str:
    """Return ``text`` with everything between ``://`` and ``@`` replaced by ***.

    A password may contain anything except blanks, so after ``user:`` it extends to the last @ before a blank. A user
    without a password extends to the last @ of the host part. Each character is examined at most a few times,
    whatever the text is.
    """
    parts, done, end, last = [], 0, 0, -1
    start = text.find("://")
    while start >= 0:
        start += 3
        if start >= end:
            end = _RUN.match(text, start).end()  # type: ignore[union-attr] # it matches anywhere
            last = text.rfind("@", start, end)
        if last < start:
            start = text.find("://", end)
            continue
        slash = text.find("/", start, end)
        slash = end if slash < 0 else slash
        at = last if start <= text.find(":", start, slash) < last else _last_at(text, start, slash)
        if at >= 0:
            parts += [text[done:start], MASK]
            done = at
        start = text.find("://", max(at, start))
    return "".join([*parts, text[done:]])


def _last_at(text: str, start: int, end: int) -> int:
    """Return the place of the last @ before a query or a fragment, or -1 if there is none."""
    for delimiter in "?#":
        found = text.find(delimiter, start, end)
        end = end if found < 0 else found
    return text.rfind("@", start, end)
