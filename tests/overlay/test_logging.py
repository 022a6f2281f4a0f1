"""A project's LOGGING on standard output, in a process of its own."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.process import environment, run

WRITE = """
import json, logging, logging.config, sys
import django
from django.conf import settings
admins = ["ops@example.com"] if django.VERSION >= (6, 0) else [("Ops", "ops@example.com")]
settings.configure(DEBUG=False, SECRET_KEY="k", ADMINS=admins, EMAIL_BACKEND="django.core.mail.backends.file{ending}",
                   EMAIL_FILE_PATH="mail")
earlier = logging.getLogger("gunicorn.error")  # there before LOGGING is applied
django.setup()
from django_k8s import Env, overlay
own = json.load(open("logging.json"))
env = Env(environ={environ})
logging.config.dictConfig(overlay.logging(env, overlay.logging(env, own) if {twice} else own))
{calls}
"""
OWN = {
    "version": 1,
    "disable_existing_loggers": True,
    "filters": {"named_shop": {"()": "logging.Filter", "name": "shop"}},
    "formatters": {"verbose": {"format": "VERBOSE %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "verbose", "filters": ["named_shop"]},
        "errors": {"class": "logging.StreamHandler", "formatter": "verbose", "level": "ERROR"},
        "file": {"class": "logging.FileHandler", "filename": "shop.log"},
        "syslog": {"class": "logging.handlers.SysLogHandler", "address": "/dev/log"},
        "null": {"class": "logging.NullHandler"},
        "mail_admins": {"class": "django.utils.log.AdminEmailHandler", "level": "ERROR"},
    },
    "loggers": {
        "shop": {"handlers": ["console", "file"], "level": "DEBUG"},
        "shop.alerts": {"handlers": ["null"], "propagate": False},
        "quiet": {"handlers": ["errors"], "propagate": False},
        "audit": {"handlers": ["syslog"], "level": "INFO", "propagate": False},
        "django.request": {"handlers": ["mail_admins"], "level": "ERROR", "propagate": True},
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
}


def written(
    folder: Path, calls: str, own: dict[str, Any] | None = None, twice: bool = False, **values: str
) -> list[Any]:
    """What a process that makes the ``calls`` writes to standard output: an object for each line, or its text."""
    (folder / "logging.json").write_text(json.dumps(OWN if own is None else own))
    code = WRITE.format(calls=calls, environ=values, twice=twice, ending="based.EmailBackend")
    result = run([sys.executable, "-W", "ignore", "-c", code], environment(), folder)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    return [json.loads(line) if line.startswith("{") else line for line in result.stdout.splitlines()]


@pytest.mark.parametrize("twice", [False, True])
def test_each_record_is_one_line(tmp_path: Path, twice: bool) -> None:
    """Handlers for a terminal and a file, and those of the root logger, write one line together."""
    calls = 'logging.getLogger("shop").debug("sold %s", 3, extra={"price": 5})'
    lines = written(tmp_path, calls, twice=twice, LOG_FORMAT="json")

    assert [(line["level"], line["logger"], line["message"], line["price"]) for line in lines] == [
        ("DEBUG", "shop", "sold 3", 5)
    ]
    assert set(lines[0]) == {"time", "level", "logger", "message", "process", "environment", "price"}
    assert not (tmp_path / "shop.log").exists()


def test_levels_filters_and_silence_stay(tmp_path: Path) -> None:
    """What the project does not want to see is not written, and what goes to a device is."""
    calls = """
logging.getLogger("shop.alerts").error("silent")
logging.getLogger("quiet").warning("below the handler's level")
logging.getLogger("quiet").error("seen 1")
logging.getLogger("audit").info("seen 2")
logging.getLogger("other").info("below the root logger's level")
logging.getLogger("other").warning("seen 3")
earlier.warning("seen 4")
"""

    assert [line["message"] for line in written(tmp_path, calls, LOG_FORMAT="json")] == [
        "seen 1", "seen 2", "seen 3", "seen 4",
    ]  # fmt: skip


def test_log_level(tmp_path: Path) -> None:
    """LOG_LEVEL replaces the root logger's level, and no other."""
    calls = 'logging.getLogger("other").info("seen")\nlogging.getLogger("django.request").info("hidden")'

    assert [line["message"] for line in written(tmp_path, calls, LOG_FORMAT="json", LOG_LEVEL="INFO")] == [
        "seen"
    ]


def test_mail_to_admins_stays(tmp_path: Path) -> None:
    """An error of a request is mailed as before, and written."""
    lines = written(tmp_path, 'logging.getLogger("django.request").error("broken")', LOG_FORMAT="json")

    assert [line["message"] for line in lines] == ["broken"]
    mails = "".join(path.read_text() for path in (tmp_path / "mail").iterdir())
    assert "ops@example.com" in mails
    assert "broken" in mails


@pytest.mark.parametrize("own", [{}, {"version": 1, "root": {"level": "INFO"}}])
def test_django_as_it_comes(tmp_path: Path, own: dict[str, Any]) -> None:
    """A project that says nothing of Django's loggers has their lines, and the mail that Django sends by itself."""
    lines = written(tmp_path, 'logging.getLogger("django.request").error("broken")', own, LOG_FORMAT="json")

    assert [line["message"] for line in lines] == ["broken"]
    assert len(list((tmp_path / "mail").iterdir())) == 1


@pytest.mark.parametrize("twice", [False, True])
def test_text(tmp_path: Path, twice: bool) -> None:
    """With LOG_FORMAT=text, lines are text."""
    lines = written(tmp_path, 'logging.getLogger("shop").warning("sold")', twice=twice)

    assert len(lines) == 1
    assert lines[0].endswith("WARNING shop sold")


def test_a_class_and_a_stream(tmp_path: Path) -> None:
    """LOGGING may hold classes and open streams, which cannot be copied."""
    calls = """
own = {"version": 1, "handlers": {"out": {"class": logging.StreamHandler, "stream": sys.stdout}},
       "loggers": {"": {"handlers": ["out"], "level": "INFO"}}}
logging.config.dictConfig(overlay.logging(env, own))
logging.getLogger("other").info("seen")
"""

    assert [line["message"] for line in written(tmp_path, calls, LOG_FORMAT="json")] == ["seen"]
