"""The adopted project in a real browser: pages with their files, the admin's login, and an upload through it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, Request, Response

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PATIENCE = 45_000  # milliseconds, for a page with all that it loads
_CHANGED = "ERR_NETWORK_CHANGED"
_NAME_FIELD = "input[type=text]:visible, input[type=email]:visible, input:not([type]):visible"
_TEXT_FIELD = "input:not([type=hidden]):not([type=checkbox]):not([type=radio]):not([type=file]), textarea"


@dataclass
class Seen:
    """What a browser saw of one page."""

    name: str
    path: str
    status: int = 0
    files: int = 0  # style sheets, scripts, images and fonts of the site's own
    failed: list[str] = field(default_factory=list)  # of the site's own files and requests
    errors: list[str] = field(default_factory=list)  # of scripts
    wrong: str = ""

    @property
    def right(self) -> bool:
        """Whether a visitor sees what the project's author meant."""
        return not self.wrong and not self.failed

    def __str__(self) -> str:
        text = f"{self.path} {self.status}, {self.files} files"
        if self.failed:
            text += f", FAILED: {'; '.join(self.failed[:3])}"
        if self.errors:
            text += f", script errors: {self.errors[0][:100]}"
        return f"{text}: {self.wrong}" if self.wrong else text


class Browser:
    """Chromium at the address of the site; screenshots go to ``pictures``."""

    def __init__(self, context: BrowserContext, base: str, pictures: Path) -> None:
        self._context, self._base, self._pictures = context, base, pictures

    def page(self, name: str, path: str, *, expected: int = 200) -> Seen:
        """Open a page and return what was seen of it."""
        with self._opened(name, path) as (_, seen):
            if seen.status != expected and not seen.wrong:
                seen.wrong = f"{expected} was expected"
            return seen

    def login(self, path: str, account: dict[str, str]) -> Seen:
        """Log in to the admin with the first administrator's name and password."""
        with self._opened("login", path) as (page, seen):
            form = page.locator("form", has=page.locator("input[type=password]")).first
            if seen.wrong or not form.count():
                seen.wrong = seen.wrong or "there is no form with a password"
                return seen
            name = form.locator(_NAME_FIELD).first
            # Projects that identify people by their e-mail address say so by the field's type or name.
            wanted = f"{name.get_attribute('type')} {name.get_attribute('name')} {name.get_attribute('autocomplete')}"
            is_email = "email" in wanted.lower()
            name.fill(account["email"] if is_email and account["email"] else account["username"])
            form.locator("input[type=password]").first.fill(account["password"])
            with page.expect_navigation(timeout=_PATIENCE) as navigation:
                form.locator("[type=submit]:visible, button:visible").first.click()
            answer = navigation.value
            seen.status = answer.status if answer else 0
            page.goto(urljoin(self._base, path), timeout=_PATIENCE)
            self._picture(page, "admin")
            if seen.status >= 400:
                seen.wrong = f"the login was answered with {seen.status}"
            elif page.locator("input[type=password]:visible").count():
                seen.wrong = "the login form came back"
            return seen

    def upload(self, form: dict[str, Any], file: Path) -> Seen:
        """Add a row with a file by a form of the admin, as somebody who has logged in."""
        with self._opened("upload", form["url"]) as (page, seen):
            if seen.wrong:
                return seen
            page.locator(f"input[type=file][name='{form['file']}']").set_input_files(file)
            for name, value in form["fill"].items():
                _fill(page, name, value)
            with page.expect_navigation(timeout=_PATIENCE) as navigation:
                page.locator("[name=_save]").first.click()
            answer = navigation.value
            seen.status = answer.status if answer else 0
            self._picture(page, "uploaded")
            if seen.status >= 400:
                seen.wrong = f"the form was answered with {seen.status}"
            elif page.locator(".errornote, .errorlist").count():
                seen.wrong = (
                    f"the form came back: {page.locator('.errornote, .errorlist').first.inner_text()}"
                )
            return seen

    def fetch(self, path: str) -> tuple[int, bytes]:
        """Return the status and the body of what an address of the site gives."""
        answer = self._context.request.get(urljoin(self._base, path), timeout=_PATIENCE)
        return answer.status, answer.body()

    @contextmanager
    def _opened(self, name: str, path: str) -> Iterator[tuple[Page, Seen]]:
        from playwright.sync_api import Error

        page, seen = self._context.new_page(), Seen(name, path)
        documents: list[str] = []
        page.on("response", lambda response: self._note(response, seen, documents))
        page.on("requestfailed", lambda request: self._note_failure(request, seen))
        page.on("pageerror", lambda error: seen.errors.append(str(error)))
        try:
            self._go(page, seen)
            self._picture(page, name)
            yield page, seen
        except Error as error:
            seen.wrong = re.sub(r"\s+", " ", str(error)).partition(" Call log")[0][:200]
            if name in ("login", "upload"):
                self._picture(page, f"{name}-failed")
            if not seen.status:
                yield page, seen
        finally:
            page.close()

    def _go(self, page: Page, seen: Seen) -> None:
        """Open the page. Do it once more if an interface of this machine came or went, as those of pods do.

        The browser gives up all requests then.
        """
        from playwright.sync_api import Error

        for again in (True, False):
            try:
                answer = page.goto(urljoin(self._base, seen.path), wait_until="load", timeout=_PATIENCE)
                seen.status = answer.status if answer else 0
            except Error as error:
                if not (again and _CHANGED in str(error)):
                    raise
            else:
                if not (again and any(_CHANGED in one for one in seen.failed)):
                    return
            seen.failed.clear()
            seen.files = 0

    def _is_own(self, url: str) -> bool:
        return urlsplit(url).netloc == urlsplit(self._base).netloc

    def _note(self, response: Response, seen: Seen, documents: list[str]) -> None:
        if response.request.resource_type == "document" or not self._is_own(response.url):
            return
        if response.status >= 400:
            seen.failed.append(f"{response.status} {urlsplit(response.url).path}")
        elif response.request.resource_type in ("stylesheet", "script", "image", "font"):
            seen.files += 1

    def _note_failure(self, request: Request, seen: Seen) -> None:
        # What the browser gave up because another page was opened is no failure of the site.
        if self._is_own(request.url) and "ERR_ABORTED" not in (request.failure or ""):
            seen.failed.append(f"{request.failure} {urlsplit(request.url).path}")

    def _picture(self, page: Page, name: str) -> None:
        page.screenshot(path=self._pictures / f"{name}.png")


def _fill(page: Page, name: str, value: str) -> None:
    """Put a value into the field ``name``, whatever it is made of."""
    select = page.locator(f"select[name='{name}']")
    radio = page.locator(f"input[type=radio][name='{name}'][value='{value}']")
    if select.count():
        select.first.select_option(value)
    elif radio.count():
        radio.first.check()
    elif page.locator(f"input[type=checkbox][name='{name}']").count():
        page.locator(f"input[type=checkbox][name='{name}']").first.check()
    elif page.locator(f"[name='{name}_0']").count():
        date, _, time = value.partition(" ")
        page.locator(f"[name='{name}_0']").fill(date)
        page.locator(f"[name='{name}_1']").fill(time)
    else:
        page.locator(f"[name='{name}']").and_(page.locator(_TEXT_FIELD)).first.fill(value)


@contextmanager
def opened(base: str, pictures: Path, options: list[str]) -> Iterator[Browser]:
    """Yield a browser at ``base``. Raise RuntimeError if there is no Chromium."""
    from playwright.sync_api import sync_playwright
    from support.need import program

    path = program("chromium") or program("google-chrome")
    if not path:
        raise RuntimeError("Chromium is not on this machine: install chromium.")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *options])
        try:
            context = chromium.new_context(ignore_https_errors=True, viewport={"width": 1280, "height": 900})
            yield Browser(context, base, pictures)
        finally:
            chromium.close()
