"""Clients that keep their connections and ask for one thing a given number of times."""

from __future__ import annotations

import asyncio

TOKEN = "c" * 32
BODY = f"csrfmiddlewaretoken={TOKEN}&name=x"
REQUESTS = {
    "page": ("GET /page", "", 200),
    "JSON": ("GET /json", "", 200),
    "POST": ("POST /post", BODY, 302),
    "no SQL": ("GET /hello", "", 200),
}
CLIENTS = 32


def ask(port: int, kind: str, number: int) -> int:
    """Send ``number`` requests by 32 clients. Return how many failed."""
    return asyncio.run(_ask(port, kind, number))


async def _ask(port: int, kind: str, number: int) -> int:
    left = iter(range(number))
    return sum(await asyncio.gather(*(_client(port, kind, left) for _ in range(CLIENTS))))


async def _client(port: int, kind: str, left: object) -> int:
    line, body, expected = REQUESTS[kind]
    request = (
        f"{line} HTTP/1.1\r\nHost: localhost\r\nCookie: csrftoken={TOKEN}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    failed = 0
    for _ in left:  # type: ignore[attr-defined]
        try:
            streams = streams or await asyncio.open_connection("127.0.0.1", port)
            streams[1].write(request)
            status, stays = await _answer(streams[0])
        except (OSError, EOFError, ValueError):
            status, stays = 0, False
        failed += status != expected
        if not stays and streams:
            streams[1].close()
            streams = None
    if streams:
        streams[1].close()
    return failed


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """Return the status, and whether the connection stays."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    headers = dict(line.partition(": ")[::2] for line in head.split("\r\n")[1:])
    stays = headers.get("connection", "").strip() != "close"
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    elif headers.get("transfer-encoding") == "chunked":
        while size := int((await reader.readline()).split(b";")[0], 16):
            await reader.readexactly(size + 2)
        await reader.readline()
    else:
        await reader.read()
        stays = False
    return int(head.split(" ", 2)[1]), stays
