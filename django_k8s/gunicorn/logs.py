"""gunicorn's logger: our lines, and none for probes."""

from __future__ import annotations

import logging
import time
from typing import Any

from gunicorn import glogging

from django_k8s.environment import startup
from django_k8s.environment.masking import mask
from django_k8s.observability import tracing
from django_k8s.observability.formatters import JsonFormatter, escape, formatter
from django_k8s.observability.stdout import Handler, write

PROBES = frozenset({"/livez", "/readyz", "/healthz"})


class Logger(glogging.Logger):  # type: ignore[misc]
    """Writes as LOG_FORMAT says, to standard output."""

    def setup(self, cfg: Any) -> None:
        """Replace gunicorn's handlers where they would write to the terminal."""
        super().setup(cfg)
        form = formatter(startup.env())
        self._json = form if isinstance(form, JsonFormatter) else None
        for log in (self.error_log, self.access_log):
            for found in [handler for handler in log.handlers if type(handler) is logging.StreamHandler]:
                handler: logging.Handler = found
                if self._json:
                    log.removeHandler(found)
                    handler = Handler()
                    handler._gunicorn = True  # type: ignore[attr-defined] # so that a reload removes it
                    log.addHandler(handler)
                handler.setFormatter(form)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """One line a request, without its query, in which people put secrets.

        A probe every few seconds from every node would bury the requests of people.
        """
        path = environ.get("PATH_INFO", "")
        if path in PROBES or not self.access_log_enabled:
            return
        path, method = escape(mask(path)), environ.get("REQUEST_METHOD")
        milliseconds = round(request_time.seconds * 1e3 + request_time.microseconds / 1e3, 1)
        status = int(str(resp.status).split(None, 1)[0])
        message = f"{method} {path} {status} in {milliseconds} ms"
        if self._json is None:
            self.access_log.info("%s", message)
            return
        fields = {
            "method": method,
            "path": path,
            "status": status,
            "duration_ms": milliseconds,
            "bytes": getattr(resp, "sent", None),
            "client": environ.get("REMOTE_ADDR"),
            "user_agent": mask(environ.get("HTTP_USER_AGENT", "")),
        }
        for name, value in resp.headers:
            if name == "X-Request-ID" or name.lower() == "x-request-id":
                fields["request_id"] = value
                fields |= tracing.recall(value)
        # Not through a LogRecord, which would cost as much again.
        write(self._json.line(time.time(), "INFO", "gunicorn.access", message, fields))
