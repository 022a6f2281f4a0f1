"""https: a certificate that signs itself, and a client that looks for a site's name at another address."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from support.patience import patience
from support.process import Response


@dataclass
class Certificate:
    """The files of a certificate for one name or address."""

    name: str
    key: Path
    file: Path


def certificate(folder: Path, name: str) -> Certificate:
    """A certificate for ``name``, valid for a day, made in ``folder``."""
    made = Certificate(name, folder / "key.pem", folder / "certificate.pem")
    try:
        alternative = f"IP:{ipaddress.ip_address(name)}"
    except ValueError:
        alternative = f"DNS:{name}"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={name}",
         "-addext", f"subjectAltName={alternative}", "-keyout", str(made.key), "-out", str(made.file)],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


class _Elsewhere(http.client.HTTPSConnection):
    """A connection to the certificate's name that goes to ``address``."""

    def __init__(self, address: tuple[str, int], trusted: Certificate) -> None:
        self._address = address
        self._tls = ssl.create_default_context(cafile=str(trusted.file))
        super().__init__(trusted.name, timeout=patience(20))

    def connect(self) -> None:
        sock = socket.create_connection(self._address, self.timeout)
        self.sock = self._tls.wrap_socket(sock, server_hostname=self.host)


@dataclass
class HttpsResponse(Response):
    """An answer over https, with its cookies as they were set."""

    cookies: list[str]


def get(
    address: tuple[str, int], trusted: Certificate, path: str, headers: Mapping[str, str] | None = None
) -> HttpsResponse:
    """Ask for ``path`` of the certificate's name at ``address``. Raises OSError as the connection does."""
    connection = _Elsewhere(address, trusted)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        answer = connection.getresponse()
        return HttpsResponse(
            answer.status,
            {name.lower(): value for name, value in answer.getheaders()},
            answer.read(),
            answer.headers.get_all("Set-Cookie", []),
        )
    finally:
        connection.close()
