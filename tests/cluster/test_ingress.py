"""The board over https through an Ingress: secure cookies, the client's own address, no redirect loop."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from support import https
from support.cluster import PROXIES, Images, Space, eventually, space, staging

pytestmark = pytest.mark.cluster

HOST = "shop.example.com"


@dataclass
class Site:
    """The release, and how its site is reached through the controller."""

    space: Space
    controller: tuple[str, int]
    certificate: https.Certificate

    def ask(self, path: str) -> https.HttpsResponse:
        return https.get(self.controller, self.certificate, path)

    def there(self) -> bool:
        try:
            return self.ask("/plain").status == 200
        except OSError:
            return False


@pytest.fixture(scope="module")
def site(
    images: Images, controller: tuple[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    certificate = https.certificate(tmp_path_factory.mktemp("certificate"), HOST)
    with space("ingress") as made:
        made.tls_secret("shop-tls", certificate)
        values = staging(images.first, hosts=[HOST], trustedProxies=PROXIES, ingress={"enabled": True})
        del values["env"]["ALLOWED_HOSTS"]
        made.release("shop", values)
        yield Site(made, controller, certificate)


def test_https(site: Site) -> None:
    """Certificate, board, cookies, HSTS, scheme and client address are right."""
    eventually(site.there, 30, "the site behind the Ingress")
    board = site.ask("/board/")
    assert board.status == 200
    assert "<main" in board.text
    assert board.cookies
    assert all("Secure" in cookie for cookie in board.cookies)
    assert "max-age" in board.headers["strict-transport-security"]
    assert site.ask("/plain").text == "https 127.0.0.1"
