"""Text that a stranger wrote takes time in proportion to its length, wherever it goes.

A stranger who finds a place where it does not takes a pod down with one request: the interpreter's lock is held meanwhile.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.test import override_settings
from gunicorn.config import Config
from support.configured import configured

from django_k8s import Env
from django_k8s.environment import masking
from django_k8s.environment.connection_urls import encoded, malformed
from django_k8s.error_reports import SecretFilter
from django_k8s.gunicorn.logs import Logger
from django_k8s.health.results import log_text
from django_k8s.middleware.static_files import StaticFilesMiddleware
from django_k8s.middleware.trusted_proxy import TrustedProxyMiddleware
from django_k8s.observability.context import safe_id
from django_k8s.observability.formatters import JsonFormatter, TextFormatter
from django_k8s.observability.stdout import Lines

LONGEST = 2**20
SHORTEST = 2**12

# The middle part is repeated. The parts around it make a search fail as late as possible.
SHAPES: dict[str, tuple[str, str, str]] = {
    part: (before, part, after)
    for before, part, after in [
        ("://", ":", " @"),
        ("", "://:", " @"),
        ("://", "a:", " @"),
        ("", "://a", " @"),
        ("", ":///", "@"),
        ("", "://a@/", ""),
        ("", "://@ ", ""),
        ("", "://a:b@ ", ""),
        ("", "://?#/", "@"),
        ("://", "@", "/:"),
        ("://", "@/", ""),
        ("://", "@?", ""),
        ("", ":/", "@"),
        ("postgres://u:p@", "x", "#"),
        ("postgres://u:", "@h/n", "#"),
        ("postgres://u:p@h", "?a=b", "#"),
        ("redis://h:", "9", "/0"),
        ("redis://h/0?", "&db=1", "x"),
        ("redis://", "h.", ":1"),
        ("pymemcache://", "h:1,", "h:x"),
        ("", ";a", "://"),
        ("", "amqp://h;", ""),
        ("", ".0123456789ab", "/"),
        ("", ".0123456789ab.", "/"),
        ("[", "::", "]"),
        ("", "10.0.0.1, ", "x"),
        ("", "[::1]:1,", "x"),
        ("", "a", "b"),
        ("", "\n", "x"),
        ("", "\x1b[2J", ""),
        ("", "\\", '"'),
        ("", "'\"", ""),
        ("A='", "\\'", '"'),
        ("", "A=b\n", "="),
        ("", "%zz", ""),
        ("", " ", "x"),
        ("", "\N{ARABIC-INDIC DIGIT THREE}", ""),
    ]
}


def text(shape: str, length: int) -> str:
    before, part, after = SHAPES[shape]
    return before + part * (length // len(part)) + after


def record(message: str = "x", error: BaseException | None = None, **extra: Any) -> logging.LogRecord:
    info = (type(error), error, None) if error else None
    made = logging.LogRecord("shop", logging.WARNING, __file__, 1, "%s", (message,), info)
    made.__dict__.update(extra)
    return made


class Nowhere(logging.Formatter):
    """Formats as JSON and keeps the line from the output."""

    def format(self, made: logging.LogRecord) -> str:
        JsonFormatter().format(made)
        return ""


def printed(given: str) -> None:
    """Print ``given`` in small pieces, as one line: each line would be a record with a cost of its own."""
    given = given.replace("\n", " ")
    lines = Lines(sys.stdout, "stdout", logging.INFO, Nowhere())
    for start in range(0, len(given), 4):
        lines.write(given[start : start + 4])
    lines.finish()


def access_log(form: str) -> Callable[[str], None]:
    config = Config()
    config.set("accesslog", "/dev/null")
    logger = Logger(config)
    logger._json = JsonFormatter() if form == "json" else None
    response = SimpleNamespace(status="200 OK", headers=[], sent=0)

    def write(given: str) -> None:
        environ = {"PATH_INFO": given, "REQUEST_METHOD": "GET", "HTTP_USER_AGENT": given}
        logger.access(response, None, environ, timedelta(seconds=1))

    return write


def proxy(*networks: str) -> Callable[[str], object]:
    def client(given: str) -> str:
        with configured(trusted_proxies=networks):
            return TrustedProxyMiddleware(lambda request: None).client("10.0.0.1", given)

    return client


def static_files(given: str) -> None:
    with override_settings(STATIC_ROOT=None, STATIC_URL="/static/"):
        StaticFilesMiddleware(lambda request: None).immutable_file_test("", given)


def dotenv(given: str, path: Path = Path("/dev/shm")) -> None:
    file = path / f"hostile-{os.getpid()}.env"
    file.write_text(given[: LONGEST - 1024])
    Env(path, environ={"ENV_FILE": file.name})
    file.unlink()


PLACES: dict[str, Callable[[str], object]] = {
    "masking": masking.mask,
    "JSON: message": lambda given: JsonFormatter().format(record(given)),
    "JSON: extra": lambda given: JsonFormatter().format(record(extra={given: [given]})),
    "JSON: exception": lambda given: JsonFormatter().format(record(error=ValueError(given))),
    "text: message": lambda given: TextFormatter().format(record(given)),
    "text: exception": lambda given: TextFormatter().format(record(error=ValueError(given))),
    "printed": printed,
    "access log, JSON": access_log("json"),
    "access log, text": access_log("text"),
    "request id": safe_id,
    "X-Forwarded-For": proxy("10.0.0.0/8"),
    "X-Forwarded-For, everybody trusted": proxy("*"),
    "health check": lambda given: log_text(ValueError(given)),
    "error report": lambda given: SecretFilter().cleanse_setting("HTTP_COOKIE", {given: given}),
    "static file": static_files,
    "URL: password": encoded,
    "URL: malformed": malformed,
    "variable: text": lambda given: Env(environ={"A": given}).url("A"),
    "variable: list": lambda given: Env(environ={"A": given}).list("A"),
    "variable: number": lambda given: Env(environ={"A": given}).int("A"),
    ".env": dotenv,
}


def cpu_seconds(place: Callable[[str], object], given: str) -> float:
    """The CPU time of this thread."""
    masking.reset()
    masking.add("a" * 40 + "b")  # which is found late in a text of many a
    masking.add("-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj\n-----END KEY-----")
    began = time.thread_time()
    place(given)
    return time.thread_time() - began


@pytest.mark.parametrize(
    "longest", [2**18, pytest.param(LONGEST, marks=pytest.mark.soak)], ids=["short", "long"]
)
@pytest.mark.parametrize("name", PLACES)
def test_twice_the_text_takes_twice_the_time(name: str, longest: int) -> None:
    """Up to 1 MiB of each shape, and that in less than a second; `make test` stops at a quarter of it."""
    place, failed = PLACES[name], {}
    for shape in SHAPES:
        # Both bounds are looked at on the way: 1 MiB in a place that is quadratic would take an hour.
        length, quarter = SHORTEST, 0.0
        while length <= longest and shape not in failed:
            given, most = text(shape, length), min(1, max(0.15, 8 * quarter))
            took = cpu_seconds(place, given)
            if took > most:  # by chance, or each time?
                took = min(took, cpu_seconds(place, given), cpu_seconds(place, given))
            if took > most:
                failed[shape] = f"{took:.2f} s for {length} characters, {quarter:.2f} s for a quarter"
            length, quarter = 4 * length, took
    assert failed == {}


HOSTS = {"://": "://" + ":" * 8100 + " @", "://:": "://:" * 2020 + " @", "a:": "://" + "a:" * 4040 + " @"}


@pytest.mark.parametrize("shape", HOSTS)
def test_a_long_header_costs_little_more_than_a_bad_one(shape: str) -> None:
    """8 kB of a Host header that Django refuses and logs, with its traceback: at most twice a short one."""
    handler = WSGIHandler()
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "x", "SERVER_PORT": "80",
        "wsgi.input": sys.stdin, "wsgi.url_scheme": "http",
    }  # fmt: skip
    lines = []

    class Sink(logging.Handler):
        def emit(self, made: logging.LogRecord) -> None:
            lines.append(self.format(made))

    sink = Sink()
    sink.setFormatter(JsonFormatter())
    logger = logging.getLogger("django.security.DisallowedHost")
    masking.add("postgres://shop:the-passw0rd@db/shop")

    def cost(host: str) -> float:
        began = time.thread_time()
        for _ in range(10):
            handler({**environ, "HTTP_HOST": host}, lambda *answer: None).close()
        return time.thread_time() - began

    logger.addHandler(sink)
    gc.collect()
    gc.disable()
    try:
        with override_settings(
            ALLOWED_HOSTS=["shop.example"],
            DEBUG=False,
            MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
        ):
            handler.load_middleware()
            # The least of many rounds, by turns: what else runs on this machine makes single ones slow, and none fast.
            rounds = [(cost("evil.example"), cost(HOSTS[shape])) for _ in range(20)]
            ordinary, hostile = (min(column) for column in zip(*rounds, strict=True))
    finally:
        gc.enable()
        logger.removeHandler(sink)
    assert settings.ALLOWED_HOSTS != ["shop.example"]
    assert "DisallowedHost" in lines[-1]
    assert hostile <= 2 * ordinary, (
        f"{1e3 * hostile:.1f} ms for ten, {1e3 * ordinary:.1f} ms for ten ordinary ones"
    )
