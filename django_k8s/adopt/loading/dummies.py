"""Dummy values with which settings load, derived from the name of a variable alone."""

from __future__ import annotations

import re

_KEY = "ZHVtbXktZHVtbXktZHVtbXktZHVtbXktZHVtbXktMTI="  # 32 bytes in base64
_LONG = "dummy-value-for-the-build-which-is-no-secret-0123456789-0123456789"
# The first pattern that matches a name determines the first value.
_BY_NAME = (
    (
        r"(DATABASE|DB|POSTGRES(QL)?|PG|SQL)[A-Z_]*_(UR[IL]S?|DSN)$",
        "postgres://dummy:dummy@localhost:5432/dummy",
    ),
    (r"(DATABASE|DB|SQL)[A-Z_]*ENGINE$", "django.db.backends.postgresql"),
    (r"CACHE[A-Z_]*BACKEND$", "django.core.cache.backends.locmem.LocMemCache"),
    (r"_DSN$", "https://dummy@dummy.example.com/1"),  # such as Sentry's
    (r"(REDIS|BROKER|CACHE|CELERY|RESULT)[A-Z_]*_UR[IL]$|RESULT_BACKEND$", "redis://localhost:6379/0"),
    (r"(AMQP|RABBIT)[A-Z_]*UR[IL]$", "amqp://dummy:dummy@localhost:5672//"),
    (r"REDIS[A-Z_]*PORT$", "6379"),
    (r"PORT$", "5432"),
    (r"(FERNET|ENCRYPTION)", _KEY),
    (r"(SECRET|PEPPER|SALT|SIGNING).*KEY|SECRET_KEY", _LONG),
    (r"(^|_)ADMIN_(URL|PATH)$", "dummy-admin/"),  # the path of the admin site
    (r"(URL|URI|ORIGIN|ENDPOINT|WEBSITE)S?$", "https://dummy.example.com"),
    (r"(EMAIL|MAIL|_FROM)(_ADDRESS)?$", "dummy@example.com"),
    (r"HOSTS?$", "localhost"),
    (r"DOMAINS?$", "example.com"),
    (r"(TIMEOUT|SECONDS|MINUTES|HOURS|DAYS|COUNT|SIZE|LIMIT|_ID|_TTL|_AGE|_DB)$", "1"),
    (r"^(IS|USE|ENABLE|HAS|ALLOW)_|(ENABLED|DISABLED|DEBUG)$", "false"),
    (r"(DIR|DIRECTORY|ROOT|FOLDER|PATH)$", "/tmp"),  # noqa: S108 - it exists on every machine
)
_OTHERS = (
    "dummy",
    "1",
    "true",
    "https://dummy.example.com",
    "{}",
    "[]",
    _KEY,
    _LONG,
    "dummy@example.com",
    "/tmp",  # noqa: S108
)


def values(name: str) -> list[str]:
    """Return possible values of a variable with this name, the most likely first."""
    first = next((value for pattern, value in _BY_NAME if re.search(pattern, name)), "")
    return list(dict.fromkeys(value for value in (first, *_OTHERS) if value))
