"""A small mail server on the loopback address: it takes mail, and remembers it."""

from __future__ import annotations

import base64
import contextlib
import socketserver
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Mail:
    """One mail as it came: who logged in, the envelope, and the lines of the message."""

    login: str = ""
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    text: str = ""


@dataclass
class Postbox:
    """Where the server answers, and what it got."""

    port: int
    mails: list[Mail] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    """What a client of SMTP needs: EHLO, AUTH PLAIN, MAIL, RCPT, DATA, QUIT."""

    postbox: Postbox

    def handle(self) -> None:
        mail = Mail()
        self.say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb, _, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    self.say("250-test", "250 AUTH PLAIN")
                case "AUTH":
                    mail.login = base64.b64decode(rest.partition(" ")[2]).decode().replace("\0", " ").strip()
                    self.say("235 welcome")
                case "MAIL":
                    mail.sender = rest
                    self.say("250 ok")
                case "RCPT":
                    mail.recipients.append(rest)
                    self.say("250 ok")
                case "DATA":
                    self.say("354 go on")
                    lines = iter(lambda: self.rfile.readline().decode(), ".\r\n")
                    mail.text = "".join(lines)
                    self.postbox.mails.append(mail)
                    self.say("250 taken")
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("502 unknown")

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


@contextlib.contextmanager
def postbox() -> Iterator[Postbox]:
    """A server that is there for the block."""
    handler = type("Session", (_Session,), {})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        server.daemon_threads = True
        handler.postbox = Postbox(server.server_address[1])  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield handler.postbox  # type: ignore[attr-defined]
        server.shutdown()
