"""gunicorn's logger, with our line format and without lines for probes."""

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
    """Write in the format of LOG_FORMAT."""

    def setup(self, cfg: Any) -> None:
        """Replace gunicorn's handlers that write to a standard stream."""
        super().setup(cfg)
        form = formatter(startup.env())
        self._json = form if isinstance(form, JsonFormatter) else None
        for log in (self.error_log, self.access_log):
            for found in [handler for handler in log.handlers if type(handler) is logging.StreamHandler]:
                handler: logging.Handler = found
                if self._json:
                    log.removeHandler(found)
                    handler = Handler()
                    handler._gunicorn = True  # type: ignore[attr-defined] # so that a reload of gunicorn removes it
                    log.addHandler(handler)
                handler.setFormatter(form)

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        """Log one line for each request, without its query, which may contain secrets.

        Probes are left out, because there are many of them and they would hide the other requests.
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
        # Write the line without a LogRecord, which would take as much time again.
        write(self._json.line(time.time(), "INFO", "gunicorn.access", message, fields))
