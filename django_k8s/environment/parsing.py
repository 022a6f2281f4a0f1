"""Parse values: booleans, numbers and URLs. The message of a ValueError says what to write instead."""

from __future__ import annotations

from typing import TypeVar

from django_k8s.environment import connection_urls
from django_k8s.environment.sources import is_url, items
from django_k8s.environment.variables import Variable

_TRUE = frozenset({"1", "true", "yes", "on", "y", "t"})
_FALSE = frozenset({"0", "false", "no", "off", "n", "f"})

# No count or duration has to be larger, and clocks and drivers do not accept more. A project's own numbers may be as
# large as a database column allows.
LARGEST, LARGEST_OWN = 2**31 - 1, 2**63 - 1

Number = TypeVar("Number", int, float)


def truth(text: str) -> bool:
    """Return the boolean that ``text`` means. Raise ValueError if it means none."""
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise ValueError("is neither true nor false. Write true or false.")
    return word in _TRUE


def number(
    text: str, kind: type[Number], minimum: float | None, maximum: float | None, largest: int
) -> Number:
    """Return ``text`` as a number between ``minimum`` and ``maximum``, which default to ``-largest`` and ``largest``.

    Raise ValueError if it is not such a number.
    """
    wanted, example = ("a whole number", "8") if kind is int else ("a number", "2.5")
    try:
        value = kind(text.strip())
    except ValueError:
        raise ValueError(f"is not a number. Write {wanted} such as {example}.") from None
    low = -largest if minimum is None else minimum
    high = largest if maximum is None else maximum
    # math.isfinite would fail for an integer of 400 digits.
    if not low <= value <= high:
        bounds = [f"at least {minimum:g}"] if minimum is not None else []
        bounds += [f"at most {maximum:g}"] if maximum is not None else []
        raise ValueError(f"is out of range. Write {wanted}{', ' if bounds else ''}{' and '.join(bounds)}.")
    return value


def url(text: str, variable: Variable) -> str:
    """Return ``text`` if it is a valid URL for ``variable``. The kind ``backend`` also allows the name of a module.

    Raise ValueError if it is not valid.
    """
    if not is_url(text):
        if variable.kind == "backend":
            return text
        raise ValueError(f"is not a URL. Write it as {variable.example or 'scheme://host/path'}.")
    if variable.schemes and connection_urls.scheme(text) not in variable.schemes:
        schemes = " or ".join(f"{scheme}://" for scheme in variable.schemes)
        raise ValueError(f"has an unknown scheme. Write {schemes}.")
    if problem := connection_urls.malformed(text):
        raise ValueError(problem)
    return text


def secrets(text: str, variable: Variable) -> list[str]:
    """Return the secrets in ``text``, the value of ``variable``."""
    if not variable.secret or (variable.kind == "backend" and not is_url(text)):
        return []
    return items(text) if variable.kind == "list" else [text]
