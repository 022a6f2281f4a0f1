"""URLs with credentials in them, as people really write them.

django-environ splits them as urllib does, which takes ``#`` and ``/`` in a password for the end of the host.
"""

from __future__ import annotations

import re
from urllib.parse import quote, unquote

from django_k8s.environment.sources import split_urls

# The shortest user part after which a host, a path without "@" and a query still make sense.
_CREDENTIALS = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://"
    r"(?P<user>[^:@/?#]*):(?P<password>.*?)"
    r"@(?P<rest>(?:\[[0-9A-Fa-f:.]+\]|[^@/?#:\[\]]*)[^@/?#]*(?:/[^@?#]*)?(?:\?.*)?)",
    re.DOTALL,
)


def encoded(url: str) -> str:
    """``url`` with its password percent-encoded, whatever characters it holds.

    ``postgres://u:p#a/s@s@host/name`` is what people paste; URL parsers stop at the ``#``.
    A password that is encoded already stays as it is. Only a password that itself ends like
    ``@host?...`` is ambiguous: then give the database in parts. In a list of URLs each is
    encoded by itself.
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
    """The part before ``://``, in lower case."""
    return url.partition("://")[0].lower()
