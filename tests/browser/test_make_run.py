"""What a newcomer does: clone, `make run`, open the address. A real browser on the real thing."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from support import example
from support.need import need, program
from support.patience import patience
from support.ports import free_ports
from support.process import Process, environment, started, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# Alone: it promises a start within seconds.
pytestmark = [pytest.mark.browser, pytest.mark.alone]

PHONE = {"width": 360, "height": 740}


@dataclass
class Clone:
    """A fresh copy of the repository in which `make run` runs."""

    folder: Path
    port: int
    stack: ExitStack = field(default_factory=ExitStack)
    process: Process | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def start(self, name: str, seconds: float) -> float:
        """`make run`; returns the seconds until the address was printed."""
        env = environment(
            **{key: value for key, value in os.environ.items() if re.match(r"PIP_|.*_proxy$|SSL_", key, re.I)}
        )
        # The machine's own programs, not those of the environment that runs the tests.
        env["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        python = os.path.realpath(getattr(sys, "_base_executable", sys.executable))
        args = ["make", "run", f"PYTHON={python}", f"RUN=--port {self.port}"]
        began = time.monotonic()
        self.process = self.stack.enter_context(started(args, env, self.folder, self.folder / f"{name}.log"))
        self.process.wait_for_output(f"Ready: {self.address}", seconds)
        return time.monotonic() - began

    def ctrl_c(self) -> None:
        """What the terminal does: SIGINT to make and all that is in its foreground."""
        assert self.process
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(60)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Clone]:
    """The repository as a clone has it, run for the first time."""
    need("make", program("make"), "install make")
    need("git", program("git"), "install git")
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=example.ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    for name in filter(None, listed.split("\0")):
        if (example.ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(example.ROOT / name, folder / name)
    clone = Clone(folder, free_ports(4))
    with clone.stack:
        clone.start("first", 400)
        yield clone


@pytest.fixture
def page(clone: Clone, chromium: Browser) -> Iterator[Page]:
    """The board in a new window; whatever the console complains of fails the test."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(clone.address)
    yield page
    context.close()
    # The one test that cuts the line makes the browser complain of it, and that is right.
    assert [text for text in complaints if "ERR_FAILED" not in text] == []


@pytest.fixture(scope="module")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos") / "hill.jpg"
    path.write_bytes(example.picture("JPEG"))
    return path


def ticks(page: Page) -> str:
    """When the last tick ran, as the page knows it."""
    return page.locator("#role-beat time").get_attribute("datetime") or ""


def test_a_note_with_an_image_gets_its_thumbnail_and_the_tick_advances(page: Page, photo: Path) -> None:
    """Three roles at work: web keeps the image, the worker draws it, beat ticks on; no reload."""
    page.fill("[name=title]", "Hill")
    page.fill("[name=text]", "From the window")
    page.set_input_files("#id_image", photo)
    page.click("text=Keep the note")
    assert "“Hill” is kept, and the worker makes its thumbnail." in page.inner_text("#written")
    card = page.locator(".card", has_text="Hill")
    card.locator("img").wait_for(timeout=20_000)
    wait_until(
        lambda: card.locator("img").evaluate("image => image.naturalWidth") == 720, 10, "the thumbnail"
    )
    page.locator("#role-beat time").wait_for(timeout=30_000)
    before = ticks(page)
    wait_until(lambda: ticks(page) > before, 20, "the next tick")
    page.wait_for_function(
        "document.getElementById('verdict').textContent === 'Everything is working.'", timeout=30_000
    )
    assert page.locator("#runs").inner_text().count("Hill") == 1


def test_by_keyboard_alone(page: Page, photo: Path) -> None:
    """Tab, Space, Enter and letters are enough, and the focus is always visible."""
    # From now on the browser hands over a file chooser. When it is told at the click, the click may come first.
    page.on("filechooser", lambda _: None)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.name") == "title"
    page.keyboard.type("By keyboard")
    page.keyboard.press("Tab")
    page.keyboard.type("No pointer")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(photo)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Keep the note"
    page.keyboard.press("Enter")
    page.wait_for_url("**/#written")
    page.wait_for_function("document.activeElement.id === 'written'", timeout=10_000)
    page.locator(".card", has_text="By keyboard").locator("img").wait_for(timeout=20_000)


def test_a_wrong_file_is_repaired_without_losing_the_words(page: Page, photo: Path, tmp_path: Path) -> None:
    """Not an image: the note stays, says why, and takes another file; polling leaves that choice alone."""
    wrong = tmp_path / "contract.png"
    wrong.write_text("no image")
    page.fill("[name=title]", "Repaired")
    page.set_input_files("#id_image", wrong)
    page.click("text=Keep the note")
    assert "“Repaired” is kept. The file is not an image" in page.inner_text("#written")
    card = page.locator(".card", has_text="Repaired")
    card.locator("input[type=file]").set_input_files(photo)
    before = ticks(page)
    wait_until(lambda: ticks(page) > before, 20, "an update of the page")
    assert card.locator("input[type=file]").evaluate("input => input.files.length") == 1
    card.get_by_role("button", name="Add the image").click()
    page.locator(".card", has_text="Repaired").locator("img").wait_for(timeout=20_000)


def test_360_pixels_without_sideways_scrolling(page: Page) -> None:
    """A phone, with a word longer than the screen: everything fits, and what is touched is large enough."""
    page.fill("[name=title]", "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen")
    page.click("text=Keep the note")
    page.locator("#written").wait_for()
    page.locator(".theme").wait_for()  # by the page's script
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    small = page.eval_on_selector_all(
        "button, input:not([type=hidden]):not([name=theme]), .theme label",
        "all => all.map(e => [e.outerHTML, e.getBoundingClientRect().height]).filter(([, height]) => height < 24)",
    )
    assert small == []


CONTRAST = """
() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => {
    const [R, G, B] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * R + 0.7152 * G + 0.0722 * B;
  };
  const behind = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest(".unseen, .skip")) continue;
    const style = getComputedStyle(element);
    const [a, b] = [luminance(rgba(style.color)), luminance(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    seen += 1;
    if (ratio < (large ? 3 : 4.5)) poor.push([walker.currentNode.data.trim(), ratio.toFixed(2)]);
  }
  return { seen, poor };
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_has_contrast(page: Page, scheme: str) -> None:
    """WCAG AA, computed for each text of the page, in both sets of colours."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    found = page.evaluate(CONTRAST)
    assert found["seen"] > 40
    assert found["poor"] == []


def test_dark_and_light_by_system_and_by_switch(page: Page) -> None:
    """The system decides until the reader does; the choice is kept, and is there before the first paint."""

    def dark() -> bool:
        return page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 20, 22)"

    page.emulate_media(color_scheme="dark")
    assert dark()
    page.emulate_media(color_scheme="light")
    assert not dark()
    page.focus("[name=theme]:checked")
    page.keyboard.press("ArrowLeft")
    assert dark()
    page.reload(wait_until="commit")
    page.wait_for_selector("body")
    assert dark()
    page.wait_for_load_state()
    page.focus("[name=theme]:checked")
    page.keyboard.press("ArrowRight")
    assert not dark()


def test_changes_are_announced_and_ticks_are_not(page: Page) -> None:
    """The live region is silent while only time passes, and speaks when web is lost."""
    before = ticks(page)
    wait_until(lambda: ticks(page) > before, 20, "the next tick")
    assert page.inner_text("#announcer") == ""
    assert page.get_attribute("#announcer", "aria-live") == "polite"
    page.route("**/live", lambda route: route.abort())
    page.locator("#offline").wait_for(timeout=10_000)
    assert "Web does not answer" in page.inner_text("#announcer")
    page.unroute("**/live")
    page.locator("#offline").wait_for(state="hidden", timeout=20_000)


def test_polling_is_cheap_and_pauses_in_a_hidden_tab(page: Page) -> None:
    """Between two ticks the answer is 304; a hidden tab asks nothing, and asks at once when it is seen again."""
    answers: list[int] = []
    page.on(
        "response",
        lambda response: answers.append(response.status) if response.url.endswith("/live") else None,
    )
    wait_until(lambda: page.wait_for_timeout(100) or 304 in answers, 20, "an answer without content")
    hide = "hidden => { Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });"
    hide += "document.dispatchEvent(new Event('visibilitychange')); }"
    page.evaluate(hide, True)
    page.wait_for_timeout(500)
    count = len(answers)
    page.wait_for_timeout(5000)
    assert len(answers) == count
    page.evaluate(hide, False)
    wait_until(lambda: page.wait_for_timeout(100) or len(answers) > count, 5, "the next question")


def test_motion_can_be_refused(page: Page) -> None:
    """With reduced motion nothing on the page is animated."""
    page.emulate_media(reduced_motion="reduce")
    page.evaluate(
        "document.body.insertAdjacentHTML('beforeend', '<div class=\"picture working\" id=probe></div>')"
    )
    assert page.evaluate("getComputedStyle(document.getElementById('probe')).animationName") == "none"
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate("getComputedStyle(document.getElementById('probe')).animationName") == "sweep"


def test_ctrl_c_then_a_second_run(clone: Clone) -> None:
    """Ctrl-C leaves no process; a taken port is one line; the second start takes under 5 s."""
    assert clone.process
    clone.ctrl_c()
    assert "Everything has stopped" in clone.process.output
    assert "Traceback" not in clone.process.output
    assert example.processes_in(clone.folder) == []
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", clone.port))
        taken.listen()
        with pytest.raises(AssertionError, match=f"port {clone.port} is taken"):
            clone.start("taken", 30)
    seconds = clone.start("again", 60)
    clone.ctrl_c()
    assert example.processes_in(clone.folder) == []
    assert seconds < patience(5), seconds
