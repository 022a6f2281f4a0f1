"""A real OpenTelemetry collector on the loopback address, and the spans that it received."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from support.need import need, program
from support.ports import free_port
from support.process import environment, started, wait_until


@dataclass
class Span:
    """A span, and the service that it is from."""

    service: str
    release: str
    name: str
    kind: int
    trace: str
    id: str
    parent: str
    attributes: dict[str, Any]


@dataclass
class Collector:
    """Where it listens, and what it handed on."""

    port: int
    bodies: list[dict[str, Any]]

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def spans(self) -> list[Span]:
        """All spans so far."""
        found = []
        for body in list(self.bodies):
            for resource in body.get("resourceSpans", []):
                said = _attributes(resource["resource"])
                found += [
                    Span(
                        said.get("service.name", ""), said.get("service.version", ""), span["name"], span.get("kind", 0),
                        span["traceId"], span["spanId"], span.get("parentSpanId", ""), _attributes(span),
                    )
                    for scope in resource["scopeSpans"]
                    for span in scope["spans"]
                ]  # fmt: skip
        return found


def _attributes(owner: dict[str, Any]) -> dict[str, Any]:
    return {item["key"]: next(iter(item["value"].values()), None) for item in owner.get("attributes", [])}


class _Sink(BaseHTTPRequestHandler):
    """Takes what the collector hands on."""

    bodies: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.bodies.append(json.loads(body))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@contextlib.contextmanager
def collector(folder: Path) -> Iterator[Collector]:
    """The collector: OTLP over HTTP in, and out to this process as JSON."""
    server = program("otelcol", "/usr/bin", "/usr/local/bin", "/root/go/bin")
    need("OpenTelemetry's collector", server, "put otelcol, with OTLP receiver and HTTP exporter, on PATH")
    assert server
    made = Collector(free_port(), [])
    sink = ThreadingHTTPServer(("127.0.0.1", 0), type("Sink", (_Sink,), {"bodies": made.bodies}))
    threading.Thread(target=sink.serve_forever, daemon=True).start()
    config = {
        "receivers": {"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{made.port}"}}}},
        "exporters": {
            "otlphttp": {
                "endpoint": f"http://127.0.0.1:{sink.server_port}",
                "encoding": "json",
                "compression": "none",
            }
        },
        "service": {
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {"traces": {"receivers": ["otlp"], "exporters": ["otlphttp"]}},
        },
    }
    (folder / "otelcol.json").write_text(json.dumps(config))  # JSON is YAML
    command = [server, "--config", str(folder / "otelcol.json")]
    with started(command, environment(), folder, folder / "otelcol.log") as process:

        def listening() -> bool:
            assert process.running(), process.output
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", made.port), 1).close()
                return True
            return False

        try:
            wait_until(listening, 30, "the collector")
            yield made
        finally:
            sink.shutdown()
            sink.server_close()
