"""URLs with credentials, as people write them.

django-environ splits them with urllib, which treats ``#`` and ``/`` in a password as the end of the host.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from django_k8s.environment.sources import split_urls

# The shortest user part after which a host, a path without "@" and a query still make sense.
_CREDENTIALS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?P<user>[^:@/?#]*):(?P<password>.*?)"
    r"@(?P<rest>[^@/?#]*(?:/[^@?#]*)?(?:\?.*)?)",
    re.DOTALL,
)
# In these, no host follows ://.
_SCHEMES_WITHOUT_HOST = """
sqlite spatialite prometheus_sqlite prometheus_spatialite locmem locmemcache dbcache dummycache filecache memory
filesystem file azureblockblob consolemail dummymail
"""
_WITHOUT_HOST = frozenset(_SCHEMES_WITHOUT_HOST.split())
# These accept several hosts, separated by commas or semicolons.
_SEVERAL_HOSTS = re.compile(r"(db\+)?postg|psql|pgsql|prometheus_postg|pymemcache|cache|sentinel|mongodb")
_REDIS = ("redis", "rediss", "sentinel")
_REDIS_NUMBERS = re.compile(
    r"(?:^|&)(?:db|max_connections|health_check_interval|socket_timeout|socket_connect_timeout)=(?![0-9.]+(?:&|$))"
)
# Host names do not contain these. They usually come from a placeholder that nobody has filled in.
_NOT_IN_HOSTS = re.compile(r"""[\s\x00-\x1f\x7f"'<>{}()$|^`,;=:/@\[\]%]""")
_LONGEST_HOST, _LONGEST_LABEL = 253, 63
_LARGEST_PORT = 65535


def encoded(url: str) -> str:
    """Return ``url`` with its password percent-encoded, whatever characters it contains.

    ``postgres://u:p#a/s@s@host/name`` is what people paste; URL parsers stop at the ``#``.
    An encoded password stays unchanged. Only a password that ends like ``@host?...`` is ambiguous: then set the
    database in parts. In a list of URLs, each is encoded separately.
    """
    return "".join(_encoded(part) for part in split_urls(url))


def _encoded(url: str) -> str:
    url, separator = (url[:-1], url[-1]) if url.endswith((";", ",")) else (url, "")
    match = _CREDENTIALS.fullmatch(url)
    if not match:
        return url + separator
    password = quote(unquote(match["password"]), safe="")
    return f"{match['scheme']}://{match['user']}:{password}@{match['rest']}" + separator


def scheme(url: str) -> str:
    """Return the part before ``://``, in lower case."""
    return url.partition("://")[0].lower()


def malformed(url: str) -> str:
    """Return what is wrong with a host, a port or the number of a Redis database in ``url``, or an empty string.

    Clients check these only at the first use, each in its own way, and often with the URL in the message.
    """
    return next(filter(None, map(_malformed, split_urls(url))), "")


def is_host(name: str) -> bool:
    """Return whether ``name`` can be a host name or an address, without a port."""
    if ":" in name:
        return _is_ipv6(name)
    if not name.isascii():
        try:
            name = name[:_LONGEST_HOST].encode("idna").decode()
        except UnicodeError:
            return False
    labels = name.removesuffix(".").split(".")
    return (
        len(name) <= _LONGEST_HOST
        and not _NOT_IN_HOSTS.search(name)
        and all(0 < len(label) <= _LONGEST_LABEL for label in labels)
    )


def _malformed(url: str) -> str:
    kind, _, rest = encoded(url.rstrip(";,")).partition("://")
    kind = kind.lower()
    if kind in _WITHOUT_HOST or kind.endswith("sqlite"):
        return ""
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    hosts = authority.rpartition("@")[2]
    for host in re.split("[,;]", hosts) if _SEVERAL_HOSTS.match(kind) else [hosts]:
        if problem := _malformed_host(host):
            return problem
    if kind in _REDIS:
        path, _, query = rest[len(authority) :].partition("?")
        if not re.fullmatch("(//?[0-9]{0,9})?", path):
            return "names a database of Redis that is not a number. Write it as redis://host:6379/0."
        if _REDIS_NUMBERS.search(query):
            return "has a word after ? where Redis takes a number. Write it as redis://host:6379/0?db=1."
    return ""


def _malformed_host(text: str) -> str:
    bracketed = re.fullmatch(r"\[(?P<host>[^]]*)\](?P<port>:.*)?", text, re.DOTALL)
    if bracketed:
        host, port = bracketed["host"], (bracketed["port"] or "")[1:]
        valid = _is_ipv6(host)
    else:
        host, _, port = text.partition(":")
        host = unquote(host)
        # The host of PostgreSQL may be the directory of its socket.
        valid = not host or host.startswith("/") or is_host(host)
    if not valid:
        return (
            "has a host that is neither a name nor an address. Replace placeholders, put an IPv6 address in brackets,"
            " and percent-encode special characters of a password."
        )
    if port and not (re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) <= _LARGEST_PORT):
        return f"has a port that is not a number from 1 to {_LARGEST_PORT}."
    return ""


def _is_ipv6(text: str) -> bool:
    from ipaddress import IPv6Address  # it takes its time, and few hosts are addresses

    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
