"""A stand-in for New Relic's collector on the loopback address: it speaks the agent's protocol over TLS."""

from __future__ import annotations

import contextlib
import gzip
import json
import ssl
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from support.https import certificate
from support.ports import free_port

_CLOUDS = ("AWS", "AZURE", "AZUREFUNCTIONS", "GCP", "PCF")


@dataclass
class Collector:
    """What agents have sent: pairs of method and payload."""

    port: int
    certificate: Path
    received: list[tuple[str, Any]] = field(default_factory=list)

    def variables(self) -> dict[str, str]:
        """What makes an agent report here, a newrelic.ini among it."""
        file = self.certificate.with_name("newrelic.ini")
        file.write_text("[newrelic]\nlicense_key = 0123456789abcdef0123456789abcdef01234567\n")
        return {
            "NEW_RELIC_CONFIG_FILE": str(file),
            "NEW_RELIC_HOST": "127.0.0.1",
            "NEW_RELIC_PORT": str(self.port),
            "NEW_RELIC_CA_BUNDLE_PATH": str(self.certificate),
            # It would ask each cloud's metadata service whether it is there.
            **{f"NEW_RELIC_UTILIZATION_DETECT_{cloud}": "false" for cloud in _CLOUDS},
        }

    def connections(self) -> list[dict[str, Any]]:
        """What agents said of themselves when they connected."""
        return [payload[0] for method, payload in self.received if method == "connect"]

    def transactions(self) -> list[str]:
        """Names of transactions, as often as they were reported."""
        return [
            event[0]["name"]
            for method, payload in self.received
            if method == "analytic_event_data"
            for event in payload[2]
        ]


@contextlib.contextmanager
def collector(folder: Path) -> Iterator[Collector]:
    """The server, with a certificate of its own in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    own = certificate(folder, "127.0.0.1")
    made = Collector(free_port(), own.file)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            encoding = self.headers.get("Content-Encoding", "identity")
            body = {"gzip": gzip.decompress, "deflate": zlib.decompress}.get(encoding, bytes)(body)
            (method,) = parse_qs(urlsplit(self.path).query)["method"]
            made.received.append((method, json.loads(body)))
            value: Any = None
            if method == "preconnect":
                value = {"redirect_host": "127.0.0.1"}
            elif method == "connect":
                value = {"agent_run_id": "1", "event_harvest_config": {
                    "report_period_ms": 5000,
                    "harvest_limits": {"analytic_event_data": 1000, "error_event_data": 100, "custom_event_data": 100, "span_event_data": 100, "log_event_data": 100},
                }}  # fmt: skip
            elif method == "get_agent_commands":
                value = []
            answer = json.dumps({"return_value": value}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", made.port), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.file, own.key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
