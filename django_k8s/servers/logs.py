"""gunicorn's logger: our lines, and none for probes."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn import glogging

from django_k8s.env import Env
from django_k8s.observability.lines import formatter
from django_k8s.observability.streams import Handler

PROBES = frozenset({"/livez", "/readyz", "/healthz"})


class Logger(glogging.Logger):  # type: ignore[misc]
    """Writes as LOG_FORMAT says, to standard output."""

    def setup(self, cfg: Any) -> None:
        """Replace gunicorn's handlers where they would write to the terminal."""
        super().setup(cfg)
        env = Env()
        for log in (self.error_log, self.access_log):
            for found in [handler for handler in log.handlers if type(handler) is logging.StreamHandler]:
                handler: logging.Handler = found
                if env.str("LOG_FORMAT") == "json":
                    log.removeHandler(found)
                    handler = Handler()
                    handler._gunicorn = True  # type: ignore[attr-defined] # so that a reload takes it away
                    log.addHandler(handler)
                handler.setFormatter(formatter(env))

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """One line a request, without its query, in which people put secrets.

        A probe every few seconds from every node would bury the requests of people.
        """
        path = environ.get("PATH_INFO", "")
        if path in PROBES or not self.access_log_enabled:
            return
        method, milliseconds = (
            environ.get("REQUEST_METHOD"),
            round(request_time.seconds * 1e3 + request_time.microseconds / 1e3, 1),
        )
        status = int(str(resp.status).split(None, 1)[0])
        fields = {
            "method": method,
            "path": path,
            "status": status,
            "duration_ms": milliseconds,
            "bytes": getattr(resp, "sent", None),
            "client": environ.get("REMOTE_ADDR"),
            "user_agent": environ.get("HTTP_USER_AGENT"),
            "request_id": next(
                (value for name, value in resp.headers if name.lower() == "x-request-id"), None
            ),
        }
        self.access_log.info(
            "%s %s %s in %s ms", method, path, status, milliseconds,
            extra={name: value for name, value in fields.items() if value is not None},
        )  # fmt: skip
