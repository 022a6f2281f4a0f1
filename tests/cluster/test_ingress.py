"""The board over https through an Ingress: secure cookies, the client's own address, no redirect loop."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cluster import Images, Space, eventually, space, staging
from support.need import need

pytestmark = pytest.mark.cluster

HOST = "shop.example.com"
# Where a controller may be, seen from a pod: the private networks, and the one for tests (RFC 2544).
PROXIES = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.18.0.0/15"]


@pytest.fixture(scope="module")
def controller() -> tuple[str, int]:
    """The address of the Ingress controller's https port."""
    address = os.environ.get("CLUSTER_INGRESS_HTTPS", "")
    need("an Ingress controller", address, "set CLUSTER_INGRESS_HTTPS to HOST:PORT of its https port")
    host, _, port = address.partition(":")
    return host, int(port)


@pytest.fixture(scope="module")
def shop(
    images: Images, controller: tuple[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Space]:
    folder = tmp_path_factory.mktemp("certificate")
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        f"/CN={HOST}",
    ]
    files = [
        "-addext",
        f"subjectAltName=DNS:{HOST}",
        "-keyout",
        str(folder / "key"),
        "-out",
        str(folder / "crt"),
    ]
    subprocess.run([*command, *files], check=True, capture_output=True)
    with space("ingress") as made:
        made.certificate = folder / "crt"  # type: ignore[attr-defined]
        made.kubectl(
            "create", "secret", "tls", "shop-tls", f"--cert={folder / 'crt'}", f"--key={folder / 'key'}"
        )
        values = staging(images.first, hosts=[HOST], trustedProxies=PROXIES, ingress={"enabled": True})
        del values["env"]["ALLOWED_HOSTS"]
        made.release("shop", values)
        yield made


class Connection(http.client.HTTPSConnection):
    """To the site's name, at the controller's address."""

    def __init__(self, controller: tuple[str, int], certificate: Path) -> None:
        self.controller = controller
        super().__init__(HOST, context=ssl.create_default_context(cafile=str(certificate)), timeout=20)

    def connect(self) -> None:
        sock = socket.create_connection(self.controller, 20)
        self.sock = self._context.wrap_socket(sock, server_hostname=HOST)  # type: ignore[attr-defined]


def ask(shop: Space, controller: tuple[str, int], path: str) -> tuple[int, http.client.HTTPMessage, str]:
    connection = Connection(controller, shop.certificate)  # type: ignore[attr-defined]
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode()
    finally:
        connection.close()


def test_https(shop: Space, controller: tuple[str, int]) -> None:
    """Certificate, board, cookies, HSTS, scheme and client address are right."""

    def there() -> bool:
        try:
            return ask(shop, controller, "/plain")[0] == 200
        except OSError:
            return False

    eventually(there, 30, "the site behind the Ingress")
    status, headers, text = ask(shop, controller, "/board/")
    assert status == 200
    assert "<main" in text
    cookies = headers.get_all("Set-Cookie", [])
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)
    assert "max-age" in headers["Strict-Transport-Security"]
    assert ask(shop, controller, "/plain")[2] == "https 127.0.0.1"
