"""The phases of an adoption, one after the other."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import sys
from pathlib import Path
from typing import Any

from support import example

from adoption import browser, truth
from adoption.environment import CannotAsk, Environment, resolver_rules
from adoption.programs import Done, downloads, run
from adoption.table import Result
from adoption.workplace import CannotCopy, Workplace, copy

_MISSING_PAGE = "/there-is-no-such-page-4041/"
_ROOT = Path(__file__).resolve().parent.parent.parent
_PROGRAM = Path(sys.executable).with_name("django-k8s")


class Ended(Exception):
    """A phase failed, so that the next ones make no sense."""


class Adoption:
    """Adopts one project and writes what happens into ``result``."""

    def __init__(self, options: argparse.Namespace, result: Result, out: Path, target: Path) -> None:
        self._options, self._result, self._out, self._target = options, result, out, target
        # As a newcomer has it: django-k8s from a wheel, and no environment of ours that is active.
        self._variables = {
            "VIRTUAL_ENV": "",
            "DJANGO_K8S_LIBRARY": os.environ.get("DJANGO_K8S_LIBRARY") or str(_ROOT / "dist"),
        }

    def run(self) -> None:
        """Run all phases; one that fails ends the adoption, and what is there is removed."""
        try:
            workplace = copy(self._options.project.resolve(), self._target)
            self._init(workplace)
            if self._options.until == "init":
                return
            self._build(workplace)
            if self._options.until == "build":
                return
            try:
                self._up(workplace)
                self._look()
            finally:
                if not self._options.keep:
                    self._down(workplace)
        except CannotCopy as error:
            self._result.failure = str(error)
        except Ended as error:
            self._result.failure = self._result.failure or str(error)

    def _phase(self, name: str, command: list[str | Path], directory: Path, timeout: float) -> Done:
        done = run(command, directory, self._out / f"{name}.log", timeout=timeout, variables=self._variables)
        self._result.seconds[name] = self._result.seconds.get(name, 0.0) + done.seconds
        if done.status:
            raise Ended(f"{name}: {done.sentence}")
        return done

    def _init(self, workplace: Workplace) -> None:
        result, more = self._result, shlex.split(self._options.init)
        told = self._phase("init", [_PROGRAM, "init", "--yes", "--json", *more], workplace.root, 900)
        result.facts = facts_of(told.out)
        if self._options.truth:
            result.judged = truth.compare(result.facts, self._options.truth)
        written = workplace.new_files()
        result.new_files = len(written)
        result.changed = workplace.changed_lines()
        self._again(workplace, written, more)
        if self._options.patch:
            result.written = workplace.apply(self._options.patch)
            result.changed = workplace.changed_lines()

    def _again(self, workplace: Workplace, written: list[str], more: list[str]) -> None:
        """A second init, which must change nothing and say that it is content."""
        before = workplace.digest(written)
        again = run(
            [_PROGRAM, "init", "--yes", *more],
            workplace.root,
            self._out / "init-again.log",
            timeout=900,
            variables=self._variables,
        )
        same = workplace.new_files() == written and workplace.digest(written) == before
        said = "the second changes nothing" if same else "the second writes something else"
        self._result.row(
            "init twice", again.status == 0 and same, said if again.status == 0 else again.sentence
        )

    def _build(self, workplace: Workplace) -> None:
        """The same build as that of ``up``, which then finds its layers: so its time is told apart."""
        command = ["docker", "buildx", "build", "--progress", "plain", "-f", "deploy/Dockerfile"]
        more = shlex.split(os.environ.get("DJANGO_K8S_BUILD_OPTIONS", ""))
        library = ["--build-context", f"library={self._variables['DJANGO_K8S_LIBRARY']}"]
        done = self._phase("build", [*command, *library, *more, "."], workplace.root, 3600)
        self._result.downloads = downloads(done.lines)

    def _up(self, workplace: Workplace) -> None:
        more = shlex.split(self._options.up)
        self._phase("up", [_PROGRAM, "up", self._options.environment, "--yes", *more], workplace.root, 1800)
        listed = run(
            [_PROGRAM, "list", "--json"],
            workplace.root,
            self._out / "list.log",
            timeout=120,
            variables=self._variables,
        )
        rows = json.loads(listed.out[listed.out.index("[") :])
        row = next(row for row in rows if row["name"] == self._options.environment)
        self._environment = Environment(row["namespace"], row["project"], row["address"])

    def _look(self) -> None:
        result, environment = self._result, self._environment
        pods = environment.pods()
        result.row("pods ready", not pods.waiting, pods)
        known: dict[str, Any] = {"admin": "", "forms": []}
        try:
            known = environment.ask("web", "pages")
        except CannotAsk as error:
            result.row("the project in its pod", False, error)
        with (
            environment.opened() as base,
            browser.opened(base, self._out, resolver_rules(environment.address)) as site,
        ):
            self._pages(site, known["admin"])
            if known["admin"] and self._login(site, known["admin"]):
                self._upload(site, known["forms"])
        self._task()

    def _pages(self, site: browser.Browser, admin: str) -> None:
        ready = str(self._result.facts.get("readiness_page", {}).get("value") or "/")
        seen = [site.page("start", "/")]
        if ready != "/":
            seen.append(site.page("readiness", ready))
            # A project whose start page belongs to another service has none; the page that it names must be there.
            if seen[0].status == 404 and seen[1].right:
                seen[0].wrong = ""
        elif self._result.facts.get("readiness_page", {}).get("value") == "" and seen[0].status == 404:
            seen[0].wrong = ""  # init has found that the URLs have no start page
        if admin:
            seen.append(site.page("admin", admin))
            if not seen[-1].files:
                seen[-1].wrong = seen[-1].wrong or "no style sheet"
        seen.append(site.page("404", _MISSING_PAGE, expected=404))
        for one in seen:
            self._result.row(f"page {one.name}", one.right, one)

    def _login(self, site: browser.Browser, admin: str) -> bool:
        account = self._environment.administrator()
        if not account["password"]:
            self._result.row("admin login", False, "no administrator was made")
            return False
        seen = site.login(admin, account)
        self._result.row("admin login", not seen.wrong, seen)
        return not seen.wrong

    def _upload(self, site: browser.Browser, forms: list[dict[str, Any]]) -> None:
        if not forms:
            self._result.row("upload", None, "no form of the admin takes a file by itself")
            return
        picture = self._out / "picture.png"
        picture.write_bytes(example.picture(size=(320, 240)))
        said = ""
        for form in forms:
            seen = site.upload(form, picture)
            if seen.wrong:
                said = f"{form['model']}: {seen}"
                continue
            try:
                url = self._environment.ask("web", "stored", form["model"], form["file"])["url"]
                status, body = site.fetch(url)
            except CannotAsk as error:
                said = f"{form['model']}: {error}"
                continue
            whole = body == picture.read_bytes()
            self._result.row(
                "upload",
                status == 200,
                f"{form['model']}, {url}: {status}{', the same bytes' if whole else ''}",
            )
            return
        self._result.row("upload", False, said)

    def _task(self) -> None:
        environment = self._environment
        if not environment.pod("worker"):
            has_celery = bool(self._result.facts.get("celery_application", {}).get("value"))
            self._result.row("task", False if has_celery else None, "no pod of worker runs")
            return
        try:
            answer = environment.ask("worker", "task")
            self._result.row("task", answer["worked"], answer["said"])
        except CannotAsk as error:
            self._result.row("task", False, error)

    def _down(self, workplace: Workplace) -> None:
        self._phase("down", [_PROGRAM, "down", self._options.environment, "--yes"], workplace.root, 600)
        environment = getattr(self, "_environment", None)
        if environment:
            self._result.row("down", environment.is_gone(), "the namespace and all in it are gone")


def facts_of(out: str) -> dict[str, Any]:
    """Return the facts that ``init --json`` prints, by name. Raise Ended if there are none."""
    found = re.search(r"^[{\[]", out, re.MULTILINE)
    if not found:
        raise Ended(f"init --json printed no JSON: {out.strip()[-200:]}")
    told = json.JSONDecoder().raw_decode(out[found.start() :])[0]
    facts = told.get("facts", told) if isinstance(told, dict) else told
    if isinstance(facts, list):
        return {fact["name"]: fact for fact in facts}
    return {
        name: fact if isinstance(fact, dict) and "value" in fact else {"value": fact}
        for name, fact in facts.items()
    }
