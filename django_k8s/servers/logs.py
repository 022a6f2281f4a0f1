"""gunicorn's logger without a line for probes."""

from __future__ import annotations

from typing import Any

from gunicorn import glogging

PROBES = frozenset({"/livez", "/readyz", "/healthz"})


class Logger(glogging.Logger):  # type: ignore[misc]
    """A probe every few seconds from every node would bury the requests of people."""

    def access(self, resp: Any, req: Any, environ: dict[str, Any], request_time: Any) -> None:
        if getattr(req, "path", None) not in PROBES:
            super().access(resp, req, environ, request_time)
