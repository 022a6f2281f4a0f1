"""The Debug Adapter Protocol, as an editor speaks it with debugpy."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

Message = dict[str, Any]


class Adapter:
    """One session of a debugger."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.reader = sock.makefile("rb")
        self.numbers = itertools.count(1)

    def send(self, command: str, **arguments: Any) -> None:
        """Send a request."""
        message = {"seq": next(self.numbers), "type": "request", "command": command, "arguments": arguments}
        body = json.dumps(message).encode()
        self.sock.sendall(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def until(self, wanted: Callable[[Message], bool]) -> Message:
        """The next message that is wanted."""
        while True:
            length = 0
            while line := self.reader.readline().strip():
                length = int(line.partition(b":")[2])
            assert length, "the debugger hung up"
            message = json.loads(self.reader.read(length))
            if wanted(message):
                return message

    def event(self, name: str) -> Message:
        return self.until(lambda message: message.get("event") == name)

    def answer(self, command: str) -> Message:
        return self.until(lambda message: message["type"] == "response" and message.get("command") == command)

    def attach(self, **options: Any) -> None:
        self.send("initialize", adapterID="test")
        self.answer("initialize")
        self.send("attach", **options)
        self.event("initialized")


@contextlib.contextmanager
def attached(port: int) -> Iterator[Adapter]:
    """A session with the first child process of whatever debugpy runs on ``port``; not yet configured."""
    with (
        socket.create_connection(("127.0.0.1", port), 30) as one,
        socket.create_connection(one.getpeername(), 30) as two,
    ):
        parent, child = Adapter(one), Adapter(two)
        parent.attach(subProcess=True)
        parent.send("configurationDone")
        child.attach(**parent.event("debugpyAttach")["body"])
        yield child
