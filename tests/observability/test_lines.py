"""Log lines and masking, without processes."""

from __future__ import annotations

import json
import logging
import sys
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from django.core.signals import request_finished
from django.test import Client, override_settings
from gunicorn.config import Config

from django_k8s.environment import masking, startup
from django_k8s.environment.env import Env
from django_k8s.environment.masking import mask
from django_k8s.gunicorn.logs import Logger
from django_k8s.health.results import log_text
from django_k8s.observability import context
from django_k8s.observability.formatters import JsonFormatter, TextFormatter, formatter


def record(message: str, *args: Any, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("shop", logging.WARNING, __file__, 1, message, args, None)
    made.__dict__.update(extra)
    return made


def line(made: logging.LogRecord) -> dict[str, Any]:
    text = JsonFormatter({"role": "web"}).format(made)
    assert "\n" not in text
    found: dict[str, Any] = json.loads(text)
    return found


def test_json_line() -> None:
    """Time in UTC, level, logger, message, the process's fields, and what was given as extra."""
    found = line(record("sold %d\nitems", 3, price=2.5, tags=["new"], who=None))

    assert found["time"].endswith("+00:00")
    assert (found["level"], found["logger"], found["message"], found["role"]) == (
        "WARNING",
        "shop",
        "sold 3\nitems",
        "web",
    )
    assert (found["price"], found["tags"], found["who"]) == (2.5, ["new"], None)


@pytest.mark.parametrize(
    "extra",
    [
        {"at": object()},
        {"n": float("nan")},
        {"n": float("inf")},
        {"b": b"\xff"},
        {"deep": [[[[[[1]]]]]]},
        {"k": {1: {2}}},
    ],
    ids=lambda extra: next(iter(extra)),
)
def test_any_extra_is_json(extra: dict[str, Any]) -> None:
    """Nothing that is handed to a logger can break a line, not-a-number among it."""
    json.loads(JsonFormatter().format(record("x", **extra)), parse_constant=pytest.fail)


def test_wrong_arguments_lose_no_line() -> None:
    """A call with the wrong arguments is written as it is."""
    assert "sold %d" in line(record("sold %d", "three"))["message"]


def test_exception_is_fields() -> None:
    """Type, message and traceback, each for itself."""
    try:
        raise KeyError("missing")
    except KeyError:
        made = logging.LogRecord("shop", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    exception = line(made)["exception"]

    assert (exception["type"], exception["message"]) == ("KeyError", "'missing'")
    assert exception["traceback"].startswith("Traceback")


def test_ids_of_request_and_task() -> None:
    """They come from the context, and are absent where there is none."""
    context.request_id.set("")  # whatever a request of another test has left in this thread
    assert "request_id" not in line(record("x"))
    token = context.request_id.set("abc")
    try:
        assert line(record("x"))["request_id"] == "abc"
        assert TextFormatter().format(record("x")).endswith("[request_id=abc]")
    finally:
        context.request_id.reset(token)


@pytest.mark.parametrize(
    "given", [None, "", pytest.param("a" * 129, id="129 characters"), "a b", "a\nb", "<script>", "é"]
)
def test_an_odd_id_is_replaced(given: str | None) -> None:
    """What a stranger sends as an id goes into no log."""
    assert context.safe_id(given) != given
    assert context.safe_id("4bf92f35-77b3.4da6:a") == "4bf92f35-77b3.4da6:a"


def test_the_id_is_forgotten_after_the_request() -> None:
    """What the thread writes next belongs to no request."""
    seen = []
    with override_settings(MIDDLEWARE=["django_k8s.middleware.request_id.RequestIdMiddleware"]):
        answer = Client().get("/where", headers={"X-Request-ID": "edge-1"})
        seen.append(answer.headers["X-Request-ID"])
        answer.close()
        request_finished.send(sender=None)
        seen.append(context.request_id.get())
    assert seen == ["edge-1", ""]


@pytest.mark.parametrize("form", ["json", "text"])
def test_secrets_are_masked(form: str) -> None:
    """Known values, passwords in addresses; in message, fields and traceback."""
    env = Env(
        environ={
            "SECRET_KEY": "top-secret-key",
            "DATABASE_URL": "postgres://me:p%40ss-word@db/x",
            "LOG_FORMAT": form,
        }
    )
    env.mask_secrets()
    try:
        raise ValueError("no top-secret-key")
    except ValueError:
        made = logging.LogRecord(
            "shop",
            logging.ERROR,
            __file__,
            1,
            "%s p@ss-word redis://:other7@h/0",
            ("top-secret-key",),
            sys.exc_info(),
        )
    made.header = "Bearer top-secret-key"
    text = formatter(env).format(made)

    for secret in ("top-secret-key", "p@ss-word", "p%40ss-word", "other7"):
        assert secret not in text
    assert "redis://***@h/0" in text


def test_secrets_are_masked_however_they_are_written() -> None:
    """Percent-encoded, quoted by Python or JSON; each password of a list of addresses."""
    key, password = 'multi"line\n/sécret key', "an0ther#word"
    Env(
        environ={"SECRET_KEY": key, "CELERY_BROKER_URL": f"amqp://u:the-f1rst@h//;amqp://u:{password}@i//"}
    ).mask_secrets()
    forms = [repr(key), json.dumps(key), json.dumps(key, ensure_ascii=False), quote(key), quote(key, safe="")]
    forms += [quote_plus(key), password, quote(password), "the-f1rst"]

    for form in forms:
        assert mask(f"a {form} b").replace('"', "").replace("'", "") == "a *** b"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgres://me:secret77@db/x", "postgres://***@db/x"),
        ("amqp://guest:a/b#c@mq//", "amqp://***@mq//"),
        ("https://example.com/a?b=c", "https://example.com/a?b=c"),
        ("mail me@example.com", "mail me@example.com"),
        ("https://9f8e7d6c@o1.example/2", "https://***@o1.example/2"),
        ("https://me@example.com:pa/ss@host/x", "https://***@host/x"),
        ("a redis://:p@ss/w@h/0 b://c@d", "a redis://***@h/0 b://***@d"),
        ("http://a/b?c=http://u:p@h", "http://a/b?c=http://***@h"),
        ("https://example.com?mail=me@example.com", "https://example.com?mail=me@example.com"),
        ("https://example.com/@me", "https://example.com/@me"),
    ],
)
def test_addresses(text: str, masked: str) -> None:
    """A password, or a key that stands alone, is found by its place, and nothing else is taken for one."""
    assert masking.mask(text) == masked


def test_short_values_are_no_secrets() -> None:
    """A password of one letter would make every line unreadable."""
    masking.add("a")
    assert masking.mask("a banana") == "a banana"


@pytest.mark.parametrize("name", ["django", "PostgreSQL", "123456"])
def test_common_words_stay(name: str) -> None:
    """As a password each would make every line unreadable, and hide nothing."""
    Env(environ={"DATABASE_PASSWORD": name}).mask_secrets()
    assert mask(f"django.request: {name}") == f"django.request: {name}"


def test_a_password_that_is_a_name_stays() -> None:
    """It is in every line about this database; in a URL its place gives it away."""
    url = "postgres://shopkeeper:shopkeeper@db/shop"
    Env(environ={"DATABASE_URL": url}).mask_secrets()
    assert mask("shopkeeper.views") == "shopkeeper.views"
    assert "shopkeeper" not in mask(f"{url} postgres://shopkeeper:shopkeeper@other/shop")


def test_the_name_of_a_backend_is_no_secret() -> None:
    """CELERY_RESULT_BACKEND holds one only if it is a URL."""
    Env(environ={"CELERY_RESULT_BACKEND": "django-db"}).mask_secrets()
    assert mask("the backend django-db") == "the backend django-db"
    Env(environ={"CELERY_RESULT_BACKEND": "redis://:the-passw0rd@h/1"}).mask_secrets()
    assert mask("the-passw0rd") == "***"


PEM = (
    "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\nAgEAAoIBAQC7VJTUt9Us8cKj\n-----END PRIVATE KEY-----\n"
)


def test_a_secret_of_several_lines_is_masked_in_each() -> None:
    """What is printed is written line by line."""
    Env(environ={"KEY": PEM}).str("KEY", secret=True)
    for text in PEM.splitlines():
        assert mask(f"  {text}  ") == "  ***  "


def test_keys_of_mappings_are_masked() -> None:
    """In fields of a line, and their names."""
    masking.add("the-token")
    text = JsonFormatter().format(record("x", **{"the-token": {"the-token": {"the-token": "the-token"}}}))
    assert "the-token" not in text
    assert json.loads(text)["***"] == {"***": {"***": "***"}}


def test_a_secret_is_masked_before_a_message_is_cut() -> None:
    """Of a secret across the cut the first part would be left, and one with two blanks would not be found."""
    masking.add("S3cr3tR3dis")
    masking.add("pass  word two")
    assert "S3cr" not in log_text(ValueError("y" * 490 + " S3cr3tR3dis"))
    assert "word" not in log_text(ValueError("'pass  word two'"))


FORGED = "2026-11-26 00:00:00,000 INFO auth login"


@pytest.mark.parametrize(
    "end", ["\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\x1b[2K\x1b[G", "\u202e", "\ud800"]
)
def test_nobody_forges_a_line(end: str) -> None:
    """A record starts exactly one line of text, and cannot control a terminal."""
    try:
        raise ValueError(f"no {end}{FORGED}")
    except ValueError:
        made = logging.LogRecord(
            "shop", logging.ERROR, __file__, 1, "%s\n", (f"sold {end}{FORGED}",), sys.exc_info()
        )
    made.stack_info = f"Stack{end}{FORGED}"
    first, *others = TextFormatter().format(made).encode().decode().splitlines()

    escaped = end.encode("unicode_escape").decode()
    assert first.endswith(f"shop sold {escaped}{FORGED}")
    assert all(line.startswith("  ") for line in others)
    assert "\x1b" not in "".join([first, *others])
    assert "  Traceback (most recent call last):" in others
    assert any(line.startswith("    File ") for line in others)


@pytest.mark.parametrize("form", ["json", "text"])
def test_nobody_forges_a_line_of_the_access_log(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """gunicorn decodes the path; a file of its own has gunicorn's formatter."""
    monkeypatch.setenv("LOG_FORMAT", form)
    startup.reset()
    config = Config()
    config.set("accesslog", str(tmp_path / "access.log"))
    environ = {"PATH_INFO": f"/a\n{FORGED}\x1b[2J", "REQUEST_METHOD": "GET"}
    response = SimpleNamespace(status="200 OK", headers=[], sent=0)
    Logger(config).access(response, None, environ, timedelta(seconds=1))

    written = (tmp_path / "access.log").read_text() + capfd.readouterr().out
    assert len(written.splitlines()) == 1
    assert "\x1b" not in written
    assert f"GET /a\\n{FORGED}\\x1b[2J 200" in written.replace("\\\\", "\\")
