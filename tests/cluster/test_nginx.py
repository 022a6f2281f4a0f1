"""nginx beside gunicorn, as docs/how-to/nginx.md has it: the page's own values, installed and asked."""

from __future__ import annotations

import gzip
import http.client
import re
import select
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from support import docker, https
from support.chart import ROOT
from support.cluster import PROXIES, Images, Space, eventually, load, space, staging
from support.patience import patience
from support.process import Response, get

pytestmark = pytest.mark.cluster

PAGE = ROOT / "docs" / "how-to" / "nginx.md"
DOCUMENTED_IMAGE = "nginxinc/nginx-unprivileged:1.29"
DOCUMENTED_HOST, HOST = "shop.example.com", "static.example.com"
HASHED = re.compile(r"/static/board/board\.[0-9a-f]{12}\.css")
IMMUTABLE = "max-age=315360000, public, immutable"

# What nginxinc/nginx-unprivileged is, from Debian's package.
DOCKERFILE = """
FROM python:3.13-slim
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends nginx-light && rm -rf /var/lib/apt/lists/*
COPY nginx.conf /etc/nginx/nginx.conf
USER 101
STOPSIGNAL SIGQUIT
CMD ["nginx", "-g", "daemon off;"]
"""
CONFIGURATION = """
worker_processes auto;
error_log stderr notice;
pid /tmp/nginx.pid;
events { worker_connections 1024; }
http {
  client_body_temp_path /tmp/client_temp;
  proxy_temp_path /tmp/proxy_temp;
  fastcgi_temp_path /tmp/fastcgi_temp;
  uwsgi_temp_path /tmp/uwsgi_temp;
  scgi_temp_path /tmp/scgi_temp;
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  access_log /dev/stdout;
  sendfile on;
  keepalive_timeout 65;
  include /etc/nginx/conf.d/*.conf;
}
"""


@pytest.fixture(scope="module")
def nginx(images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An image of nginx, in the cluster."""
    folder = tmp_path_factory.mktemp("nginx")
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / "nginx.conf").write_text(CONFIGURATION)
    tag = f"django-k8s-nginx-{uuid.uuid4().hex[:6]}:1"
    docker.docker("build", "-q", "--network", "host", "-t", tag, str(folder), timeout=600)
    load(tag)
    try:
        yield tag
    finally:
        docker.docker("rmi", "-f", tag, check=False)


def documented(image: str, nginx: str, **replaced: str) -> dict[str, Any]:
    """The values of the page, with what differs on a cluster of tests, and ``replaced`` text for text."""
    found = re.search(r"^```yaml\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    assert found, "the page has no block of values"
    text = found[1]
    for old, new in {DOCUMENTED_IMAGE: nginx, DOCUMENTED_HOST: HOST, **replaced}.items():
        assert old in text, f"the page has no {old}"
        text = text.replace(old, new)
    page: dict[str, Any] = yaml.safe_load(text)
    del page["image"]
    values = staging(image, **{**page, "trustedProxies": PROXIES})
    del values["env"]["ALLOWED_HOSTS"]  # the page's hosts are enough
    return values


@dataclass
class Site:
    """The release, its certificate, and where its two Services are on the node."""

    space: Space
    certificate: https.Certificate
    nginx: str
    ports: dict[str, int] = field(default_factory=dict)

    def ask(self, service: str, path: str, **headers: str) -> Response:
        """Past the Ingress, as the Ingress would."""
        given = {"Host": HOST, "X-Forwarded-Proto": "https", "Accept-Encoding": "gzip, br", **headers}
        return get(self.ports[service], path, headers=given)

    def style(self) -> str:
        """The path of the style sheet that the board names."""
        found = HASHED.search(self.ask("shop", "/board/").text)
        assert found
        return found[0]


@pytest.fixture(scope="module")
def site(images: Images, nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    certificate = https.certificate(tmp_path_factory.mktemp("certificate"), HOST)
    with space("nginx") as made:
        made.tls_secret("shop-tls", certificate)
        warnings = made.release("shop", documented(images.first, nginx))
        assert "PodSecurity" not in warnings
        found = Site(made, certificate, nginx)
        for service in ("shop", "shop-nginx"):
            made.kubectl("patch", "service", service, "-p", '{"spec": {"type": "NodePort"}}')
            found.ports[service] = made.get("service", service)["spec"]["ports"][0]["nodePort"]
        eventually(lambda: status(found, "shop-nginx", "/healthz") == 200, 30, "the Service of nginx")
        eventually(lambda: status(found, "shop", "/livez") == 200, 30, "the Service of web")
        yield found


def status(site: Site, service: str, path: str) -> int:
    try:
        return site.ask(service, path).status
    except (OSError, http.client.HTTPException):
        return 0


def test_files_come_from_nginx(site: Site) -> None:
    """Hashed: compressed and immutable, for a CDN too. Missing: never remembered. Without a hash: for a minute."""
    style = site.style()
    for headers in ({}, {"Via": "1.1 cdn"}):
        answer = site.ask("shop-nginx", style, **headers)
        assert answer.status == 200
        assert answer.headers["server"] == "nginx"
        assert answer.headers["content-encoding"] == "gzip"
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["content-type"] == "text/css"
        assert answer.headers["cache-control"] == IMMUTABLE
        assert answer.headers["access-control-allow-origin"] == "*"
        assert answer.headers["x-content-type-options"] == "nosniff"
    plain = site.ask("shop-nginx", style, **{"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(answer.body) == plain.body
    assert b"The board" in plain.body

    again = site.ask("shop-nginx", style, **{"If-None-Match": answer.headers["etag"]})
    assert (again.status, again.headers["cache-control"]) == (304, IMMUTABLE)
    part = site.ask("shop-nginx", style, **{"Accept-Encoding": "identity", "Range": "bytes=0-9"})
    assert (part.status, part.body, part.headers["cache-control"]) == (206, plain.body[:10], IMMUTABLE)

    for path in ("/static/board/board.0123456789ab.css", "/static/nothing.css", "/static/"):
        missing = site.ask("shop-nginx", path)
        assert missing.status == (403 if path.endswith("/") else 404)
        assert missing.headers["cache-control"] == "no-store", path
    # With WHITENOISE_KEEP_ONLY_HASHED_FILES, the manifest is what has no hash.
    short = site.ask("shop-nginx", "/static/staticfiles.json")
    assert (short.status, short.headers["cache-control"]) == (200, "max-age=60, public")
    # No address of the pod's own.
    assert site.ask("shop-nginx", "/static/board").headers["location"] == "/static/board/"
    assert status(site, "shop-nginx", "/board/") == 404


def test_pages_come_from_gunicorn(site: Site) -> None:
    """Also the style sheet, of one who comes past nginx."""
    page = site.ask("shop", "/board/")
    assert page.status == 200
    assert "<main" in page.text
    assert page.headers.get("server") != "nginx"
    style = site.ask("shop", site.style())
    assert (style.status, style.headers["cache-control"]) == (200, IMMUTABLE)
    assert style.headers.get("server") != "nginx"


def test_through_the_ingress(site: Site, controller: tuple[str, int]) -> None:
    """One host over https: the style sheet is nginx's, the page gunicorn's."""

    def ask(path: str) -> https.HttpsResponse:
        return https.get(controller, site.certificate, path, headers={"Accept-Encoding": "gzip"})

    style = site.style()

    def there() -> bool:
        try:
            return ask("/livez").status == 200 and ask(style).status == 200
        except OSError:
            return False

    eventually(there, 30, "the site behind the Ingress")
    sheet = ask(style)
    assert (sheet.headers["cache-control"], sheet.headers["content-encoding"]) == (IMMUTABLE, "gzip")
    assert b"The board" in gzip.decompress(sheet.body)
    # The controller hides the header Server; this body tells.
    missing = ask("/static/board/board.0123456789ab.css")
    assert (missing.status, missing.headers["cache-control"]) == (404, "no-store")
    assert b"<center>nginx</center>" in missing.body
    page = ask("/board/")
    assert page.status == 200
    assert b"<main" in page.body
    assert all("Secure" in cookie for cookie in page.cookies)


@dataclass
class Visitors:
    """Clients that ask nginx for one file, every other one of which keeps its connection.

    An nginx that ends closes the connections that are idle at this moment, and a request may be on its way on one of them.
    Every client of HTTP/1.1 asks again then, once and on a new connection (RFC 9112, 9.3.1); so do these. Whatever happens
    to a new connection is a failure.
    """

    site: Site
    path: str
    clients: int = 4
    pause: float = 0.03
    answered: int = 0
    asked_again: int = 0
    failures: list[str] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Visitors:
        self._pool = ThreadPoolExecutor(self.clients)
        self._running = [self._pool.submit(self._visit, number % 2 == 0) for number in range(self.clients)]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for running in self._running:
            running.result()
        self._pool.shutdown()

    def _visit(self, keep: bool) -> None:
        connection = self._connection()
        while not self._stop.wait(self.pause):
            # As every client does: an idle connection that the server has closed is not used again.
            if connection.sock and select.select([connection.sock], [], [], 0)[0]:
                connection.close()
            try:
                answer = self._answer(connection)
                answer.read()
                failure = "" if answer.status == 200 else f"status {answer.status}"
            except (OSError, http.client.HTTPException) as error:
                failure = repr(error)
                connection.close()
            if not keep:
                connection.close()
            with self._lock:
                self.answered += not failure
                if failure:
                    self.failures.append(f"{time.monotonic():.2f} {'kept' if keep else 'new'}: {failure}")

    def _answer(self, connection: http.client.HTTPConnection) -> http.client.HTTPResponse:
        used = connection.sock is not None
        try:
            connection.request("GET", self.path, headers={"Host": HOST})
            return connection.getresponse()
        except ConnectionError:
            connection.close()
            if not used:
                raise
        with self._lock:
            self.asked_again += 1
        connection.request("GET", self.path, headers={"Host": HOST})
        return connection.getresponse()

    def _connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.site.ports["shop-nginx"], timeout=patience(30))


def nginx_pods(site: Site) -> set[str]:
    found = site.space.items("pods", "-l", "app=shop-nginx")
    return {pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]}


def test_an_upgrade(site: Site, images: Images) -> None:
    """nginx is rolled out for a new image and for a new configuration. No request fails, and old files stay."""
    old, first = site.style(), nginx_pods(site)
    with Visitors(site, old) as visitors:
        site.space.release("shop", documented(images.second, site.nginx))
        second = nginx_pods(site)
        assert len(second) == 2
        assert not first & second
        site.space.release("shop", documented(images.second, site.nginx, **{"max-age=60,": "max-age=61,"}))
        assert not second & nginx_pods(site)
        # What was told to end does so after its preStop; clients go on meanwhile.
        eventually(
            lambda: len(site.space.items("pods", "-l", "app=shop-nginx")) == 2, 60, "the end of the old pods"
        )
    print(
        f"{visitors.answered} requests of nginx over two rollouts, failed: {len(visitors.failures)}, "
        f"asked again: {visitors.asked_again}"
    )
    assert visitors.failures == []
    assert visitors.asked_again <= 8  # two kept connections, and four pods that end
    assert visitors.answered > 500

    new = site.style()
    assert new != old
    for path, second_release in ((old, False), (new, True)):
        answer = site.ask("shop-nginx", path)
        assert (answer.status, answer.headers["cache-control"]) == (200, IMMUTABLE)
        assert (b"the second release" in gzip.decompress(answer.body)) is second_release
    assert site.ask("shop-nginx", "/static/staticfiles.json").headers["cache-control"] == "max-age=61, public"
