"""What a container said, as a person reads it."""

from __future__ import annotations

import json

from django_k8s.environment import masking
from django_k8s.release.diagnosis import words


def test_json_lines_are_read() -> None:
    """A line of JSON is its message, with the traceback below."""
    exception = {
        "type": "ValueError",
        "message": "no",
        "traceback": "Traceback (most recent call last):\nValueError: no",
    }
    line = json.dumps({"level": "ERROR", "message": "It failed", "exception": exception})

    assert words.lines_of(f"{line}\nplain\n{{no json\n") == [
        "It failed", "Traceback (most recent call last):", "ValueError: no", "plain", "{no json",
    ]  # fmt: skip


def test_secrets_are_masked() -> None:
    """No secret of the environment, and no password in a URL, is printed."""
    masking.add("hunter2-secret")
    try:
        said = words.lines_of('{"message": "with hunter2-secret"}\nredis://:word@host/0')
    finally:
        masking.reset()

    assert "hunter2" not in "".join(said)
    assert "word" not in "".join(said)


def test_migration_and_its_place() -> None:
    """The last file of the project is the one to open."""
    lines = [
        "CommandError: Migration shop.0002_x failed: ValueError: no.",
        '  File "/app/shop/migrations/0002_x.py", line 9, in forwards',
        '  File "/app/shop/models.py", line 12, in fill',
        '  File "/opt/venv/lib/python3.14/site-packages/other.py", line 1, in f',
    ]

    assert words.migration(lines) == "Migration shop.0002_x failed: ValueError: no (shop/models.py, line 12)"
    assert words.migration(["Applying shop.0002_x... OK"]) == ""


def test_reason() -> None:
    """The exception, or the last line."""
    lines = [
        "Traceback (most recent call last):",
        "django.core.exceptions.ImproperlyConfigured: no key.",
        "bye",
    ]

    assert words.reason(lines) == "django.core.exceptions.ImproperlyConfigured: no key"
    assert words.reason(["one", "two."]) == "two"
    assert words.reason([]) == ""


def test_page() -> None:
    """What was said last about a health check counts, and the page first."""
    fails = ["health check database fails: no answer", "health check page fails: GET / answers 500"]

    assert words.page(fails) == "the readiness page fails: GET / answers 500"
    assert (
        words.page([*fails, "health check page passes again"]) == "the health check database fails: no answer"
    )
    assert words.page([]) == ""


def test_configuration() -> None:
    """All problems, without the advice below them."""
    lines = [
        "noise",
        "The configuration has 2 problems:",
        "  A: is missing. Set it.",
        "  B: is wrong.",
        "`django-k8s env` ...",
    ]

    assert words.configuration(lines) == "A: is missing. Set it. B: is wrong."
    assert words.configuration(["noise"]) == ""
