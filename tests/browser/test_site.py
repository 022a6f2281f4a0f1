"""The site of the documentation in a real browser: on a phone, in both modes, and its search."""

from __future__ import annotations

import functools
import http.server
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support.need import need
from support.patience import patience

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
PHONE = {"width": 390, "height": 844}
PAGES = ("", "how-to/troubleshooting/", "reference/environment/")


class Handler(http.server.SimpleHTTPRequestHandler):
    """Files, and no line for each."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the site, built anew and served."""
    program = ROOT / "build/site-venv/bin/zensical"
    need("the builder of the site", program.exists(), "make site")
    folder = tmp_path_factory.mktemp("site")
    subprocess.run([sys.executable, ROOT / "docs/site_pages.py", folder], check=True)
    command = [program, "build", "--strict", "--config-file", folder / "zensical.toml"]
    subprocess.run(command, check=True, timeout=patience(60))
    handler = functools.partial(Handler, directory=str(folder / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def opened(browser: Browser, address: str, scheme: str = "light") -> Page:
    """A page on a phone, which has asked nobody but the site."""
    page = browser.new_page(viewport=PHONE, color_scheme=scheme)  # type: ignore[arg-type]
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:", "blob:"))] == []
    return page


@pytest.mark.parametrize("path", PAGES)
def test_a_page_fits_a_phone(site: str, chromium: Browser, path: str) -> None:
    """Nothing is wider than the screen, and the dark mode of the system is followed."""
    light, dark = opened(chromium, site + path), opened(chromium, site + path, "dark")
    brightness = "getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3).reduce((a, b) => a + +b, 0)"

    assert not light.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert light.locator("h1").inner_text()
    assert light.evaluate(brightness) > 600
    assert dark.evaluate(brightness) < 150


def test_the_search_leads_to_the_fix(site: str, chromium: Browser) -> None:
    """An error message as it is pasted: the first result is the section that explains it."""
    page = opened(chromium, site)
    page.keyboard.press("Control+k")
    page.keyboard.type("FATAL: sorry, too many clients already")
    page.keyboard.press("Enter")
    page.wait_for_url("**/how-to/troubleshooting/**too-many-clients-already", timeout=patience(10) * 1000)
