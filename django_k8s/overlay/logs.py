"""The project's LOGGING, with all lines on standard output."""

from __future__ import annotations

import logging as standard
from collections.abc import Mapping
from typing import Any
from weakref import WeakSet

from django_k8s import settings as k8s
from django_k8s.environment.env import Env

_OURS = "django_k8s"
_MAIL = "django_k8s_mail_admins"
_NOT_DEBUG = "django_k8s_not_debug"
# Handlers that write to a terminal, a file or a device: in a pod, all of these are standard output.
_WRITERS = (
    "logging.StreamHandler",
    "colorlog.StreamHandler",
    "rich.logging.RichHandler",
    "logging.FileHandler",
    "logging.handlers.WatchedFileHandler",
    "logging.handlers.RotatingFileHandler",
    "logging.handlers.TimedRotatingFileHandler",
)


class Once(standard.Filter):
    """Let each record through once.

    A record may reach standard output several times: by a logger's handlers for a terminal and for a file,
    and again by those of its parents.
    """

    def __init__(self, name: str = "") -> None:
        super().__init__(name)
        # Not an attribute of the record, because formatters print unknown attributes.
        self._written: WeakSet[standard.LogRecord] = WeakSet()

    def filter(self, record: standard.LogRecord) -> bool:
        """Return whether ``record`` has not been written yet. This must be the last filter of a handler."""
        if record in self._written:
            return False
        self._written.add(record)
        return True


def logging(env: Env, project: Mapping[str, Any]) -> dict[str, Any]:
    """Return LOGGING with this library's handler and formatter for what the project writes to a terminal or a file.

    Loggers, levels, filters, ``propagate`` and all other handlers stay as they are, for example mail to ADMINS and error
    reporting. Handlers with a stream, a file name or a local socket write to standard output instead, in the format of
    LOG_FORMAT, because the root of a pod is read-only, and nobody would read a file there. The root logger writes there
    too. Each record is written once. If LOG_LEVEL is set, it replaces the level of the root logger.
    """
    ours = k8s.logging(env)
    line, stdout = ours["formatters"]["line"], ours["handlers"]["stdout"]
    output = {**stdout, "formatter": _OURS, "filters": [_OURS]}
    loggers = dict(project.get("loggers", {}))
    root = {**loggers.pop("", {}), **project.get("root", {})}
    names = [name for name in root.get("handlers", ()) if name != _OURS]
    decided = {"level": ours["root"]["level"]} if not root or env.is_set("LOG_LEVEL") else {}
    return {
        **project,
        "version": 1,
        # Otherwise the lines of servers and libraries that are loaded before Django would be lost.
        "disable_existing_loggers": False,
        "formatters": {**project.get("formatters", {}), _OURS: line},
        "filters": {
            **project.get("filters", {}),
            _OURS: {"()": f"{__name__}.Once"},
            _NOT_DEBUG: {"()": "django.utils.log.RequireDebugFalse"},
        },
        "handlers": {
            **{name: _handler(handler, output) for name, handler in project.get("handlers", {}).items()},
            _OURS: output,
            # Django's own handlers, which its logger loses if LOGGING names this logger.
            _MAIL: {
                "class": "django.utils.log.AdminEmailHandler",
                "level": "ERROR",
                "filters": [_NOT_DEBUG],
            },
        },
        "loggers": {
            **ours["loggers"],
            "django": {**ours["loggers"]["django"], "handlers": [_MAIL]},
            **loggers,
        },
        "root": {**root, **decided, "handlers": [*names, _OURS]},
    }


def _handler(handler: Mapping[str, Any], output: Mapping[str, Any]) -> Mapping[str, Any]:
    if not _writes(handler):
        return handler
    level = {"level": handler["level"]} if "level" in handler else {}
    return {**output, **level, "filters": [*handler.get("filters", ()), _OURS]}


def _writes(handler: Mapping[str, Any]) -> bool:
    """Return whether a handler writes to a terminal, a file or a device such as /dev/log."""
    kind = handler.get("class", "")
    name = kind if isinstance(kind, str) else f"{kind.__module__}.{kind.__qualname__}"
    device = name == "logging.handlers.SysLogHandler" and isinstance(handler.get("address"), str)
    return device or name in _WRITERS or "filename" in handler
