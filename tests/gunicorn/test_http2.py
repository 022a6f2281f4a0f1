"""HTTP/2 without TLS, as a proxy that terminates TLS speaks it: the stop of an asgi process."""

from __future__ import annotations

import contextlib
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    ResponseReceived,
    StreamEnded,
    StreamReset,
)
from support.patience import patience
from support.web import Web, web

GRACEFUL = 30  # the graceful time-out


class Client:
    """One connection; ``events`` are those that have arrived, oldest first."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._connection = H2Connection(H2Configuration(client_side=True, header_encoding="utf-8"))
        self._connection.initiate_connection()
        self.events: list[Event] = []
        self._flush()

    def ask(self, path: str) -> int:
        """Send a request; return the number of its stream."""
        stream = self._connection.get_next_available_stream_id()
        headers = [(":method", "GET"), (":scheme", "http"), (":authority", "example.com"), (":path", path)]
        self._connection.send_headers(stream, headers, end_stream=True)
        self._flush()
        return stream

    def until(self, arrived: Callable[[Event], bool]) -> Event:
        """Read until an event has arrived, and return it. Fails at the end of the connection."""
        while not (found := [event for event in self.events if arrived(event)]):
            data = self._sock.recv(65536)
            assert data, self.events
            self.events += self._connection.receive_data(data)
            self._flush()
        return found[0]

    def of(self, kind: type, stream: int) -> Callable[[Event], bool]:
        return lambda event: isinstance(event, kind) and getattr(event, "stream_id", None) == stream

    def ended(self) -> bool:
        """Read to the end of the connection; whether the server said goodbye."""
        while data := self._sock.recv(65536):
            self.events += self._connection.receive_data(data)
        return any(isinstance(event, ConnectionTerminated) for event in self.events)

    def _flush(self) -> None:
        self._sock.sendall(self._connection.data_to_send())


@contextlib.contextmanager
def http2(folder: Path) -> Iterator[tuple[Web, Client]]:
    """A web role that speaks HTTP/2 with the proxy in front of it, and a connection."""
    options = ("--http-protocols", "h2,h1", "--http2-cleartext", "both")
    with (
        web(folder, *options, WEB_INTERFACE="asgi", TRUSTED_PROXIES="127.0.0.1") as server,
        socket.create_connection(("127.0.0.1", server.port), patience(20)) as sock,
    ):
        yield server, Client(sock)


def test_stream_in_flight_completes_and_a_new_one_is_refused(tmp_path: Path) -> None:
    """After SIGTERM the running stream is answered whole, a new one refused, and the connection ends."""
    with http2(tmp_path) as (server, client):
        running = client.ask("/stream?pieces=20&pause=0.2")
        client.until(client.of(ResponseReceived, running))
        server.gunicorn.signal(signal.SIGTERM)
        server.gunicorn.wait_for_output("shutting down")
        refused = client.of(StreamReset, client.ask("/where"))
        assert client.until(refused).error_code == ErrorCodes.REFUSED_STREAM  # type: ignore[attr-defined]
        client.until(client.of(StreamEnded, running))
        received = b"".join(event.data for event in client.events if isinstance(event, DataReceived))
        assert received.count(b"\n") == 20
        assert client.ended()
        assert server.gunicorn.wait(10) == 0


def test_idle_connection_is_not_waited_for(tmp_path: Path) -> None:
    """A connection without a stream is told goodbye at SIGTERM; the process does not wait for its time-out."""
    with http2(tmp_path) as (server, client):
        client.until(client.of(StreamEnded, client.ask("/where")))
        server.gunicorn.signal(signal.SIGTERM)
        assert client.ended()
        assert server.gunicorn.wait(8, below=GRACEFUL) == 0
