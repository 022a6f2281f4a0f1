"""Clients that ask one of several servers again and again, and note every request that fails.

They know HTTP/1.1 well enough to be strict: a failed request is not tried again, whether its
connection was new or used before.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field

from support.patience import patience

SOURCES = 16  # addresses 127.0.0.1 and on: connections of one run do not use up the ports of one
REQUEST_SECONDS = 30.0


@dataclass
class Report:
    """What the clients saw."""

    answered: Counter[int] = field(default_factory=Counter)  # by the port of the server
    posts: int = 0
    connections: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    last: dict[int, float] = field(default_factory=dict)  # time of a server's last answer
    slowest: float = 0.0

    @property
    def total(self) -> int:
        return self.answered.total()


@dataclass
class Load:
    """``clients`` clients, every other one of which keeps its connection.

    ``ports`` may change while they run: it is what routing knows. A kept connection goes on where it
    is. A tenth of the requests are POSTs to ``/write``.
    """

    ports: list[int]
    clients: int = 32
    pause: tuple[float, float] = (0.01, 0.05)
    report: Report = field(default_factory=Report)
    _stop: bool = False
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    def start(self) -> None:
        self._tasks = [
            asyncio.create_task(self._client(number, keep=number % 2 == 0)) for number in range(self.clients)
        ]

    async def stop(self) -> Report:
        """Let every request in flight end, then tell what happened."""
        self._stop = True
        await asyncio.gather(*self._tasks)
        return self.report

    async def _client(self, number: int, *, keep: bool) -> None:
        source = f"127.0.0.{number % SOURCES + 1}"
        chance = random.Random(number)
        connection: _Connection | None = None
        while not self._stop:
            post = chance.random() < 0.1
            used = connection is not None
            port = connection.port if connection else chance.choice(self.ports)
            began = time.monotonic()
            try:
                async with asyncio.timeout(patience(REQUEST_SECONDS)):
                    if connection is None:
                        connection = await _Connection.open(port, source)
                        self.report.connections[port] += 1
                    status, stays = await connection.exchange("POST" if post else "GET", keep=keep)
                if status != (201 if post else 200):
                    raise ConnectionError(f"status {status}")
            except (OSError, EOFError, TimeoutError, ValueError) as error:
                self.report.failures.append(
                    f"{time.monotonic():.2f} port {port} {'POST' if post else 'GET'} on a "
                    f"{'used' if used else 'new'} connection: {error!r}"
                )
                stays = False
            else:
                now = time.monotonic()
                self.report.answered[port] += 1
                self.report.posts += post
                self.report.last[port] = now
                self.report.slowest = max(self.report.slowest, now - began)
            if connection and not (stays and keep):
                connection.close()
                connection = None
            await asyncio.sleep(chance.uniform(*self.pause))
        if connection:
            connection.close()


@dataclass
class _Connection:
    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    @classmethod
    async def open(cls, port: int, source: str) -> _Connection:
        streams = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
        return cls(port, *streams)

    def close(self) -> None:
        self.writer.close()

    async def exchange(self, method: str, *, keep: bool) -> tuple[int, bool]:
        """One request; its status, and whether the server keeps the connection."""
        target, body = ("/write", "name=x") if method == "POST" else ("/", "")
        self.writer.write(
            f"{method} {target} HTTP/1.1\r\nHost: example.com\r\n"
            f"Connection: {'keep-alive' if keep else 'close'}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        await self.reader.readexactly(int(headers["content-length"]))
        return int(first.split(" ")[1]), headers.get("connection", "").lower() != "close"
