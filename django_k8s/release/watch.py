"""Wait until a release is ready, or cannot succeed."""

from __future__ import annotations

import time
from collections.abc import Callable

from django_k8s.environment.exit_codes import EX_TEMPFAIL
from django_k8s.release.diagnosis.finding import Finding
from django_k8s.release.diagnosis.snapshot import KINDS, Part, Snapshot
from django_k8s.release.kube import Kubectl
from django_k8s.release.outcome import FAILED, Stopped
from django_k8s.release.report import Report

_POLL_SECONDS = 1.0
_REMIND_SECONDS = 15.0
_NAMES = {"postgres": "database"}  # their usual names


class Watch:
    """Watch the objects of one Helm release."""

    def __init__(
        self, kubectl: Kubectl, release: str, report: Report, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._kubectl = kubectl
        self._selector = f"app.kubernetes.io/instance={release}"
        self._report = report
        self._clock = clock
        self._began = clock()
        self._said = self._began
        self._done: set[tuple[str, str]] = set()
        self._first_seen: dict[tuple[str, str], float] = {}

    def until_ready(self, seconds: float) -> None:
        """Return when every part is ready. Print one line for each.

        Raise Stopped with the cause as soon as the release cannot succeed, or when the time is up.
        """
        while True:
            snapshot = self._snapshot()
            missing = self._progress(snapshot.parts())
            if not missing:
                return
            findings = snapshot.findings(self._logs)
            if final := self.final(findings):
                raise Stopped(final.text, FAILED, final.details)
            waited = self._clock() - self._began
            names = ", ".join(_name(part) for part in missing)
            why = f": {findings[0].text}" if findings else ""
            if waited > seconds:
                details = findings[0].details if findings else ()
                raise Stopped(
                    f"{names} did not become ready within {seconds:g} s{why}"
                    + ("" if findings else ". Allow more with --timeout."),
                    EX_TEMPFAIL,
                    details,
                )
            self._report.status(f"waiting for {names}")
            if self._clock() - self._said > _REMIND_SECONDS:
                self._said = self._clock()
                self._report.line("waiting", f"for {names}{why} ({waited:.0f} s)")
            time.sleep(_POLL_SECONDS)

    def final(self, findings: list[Finding]) -> Finding | None:
        """Return the first finding that has existed for so long that waiting cannot help."""
        now = self._clock()
        keys = {finding.key for finding in findings}
        self._first_seen = {key: since for key, since in self._first_seen.items() if key in keys}
        for finding in findings:
            self._first_seen.setdefault(finding.key, now)
        return next((one for one in findings if now - self._first_seen[one.key] >= one.seconds), None)

    def _progress(self, parts: list[Part]) -> list[Part]:
        for part in parts:
            key = (part.kind, part.component)
            if part.is_done and key not in self._done:
                self._done.add(key)
                self._said = self._clock()
                text = "done" if part.kind == "Job" else f"{part.ready} of {part.wanted} ready"
                self._report.line(_name(part), f"{text} ({self._clock() - self._began:.0f} s)")
        return [part for part in parts if not part.is_done]

    def _snapshot(self) -> Snapshot:
        objects = self._kubectl.list(KINDS, self._selector)
        return Snapshot(objects, self._kubectl.list("events"))

    def _logs(self, pod: str, container: str, previous: bool) -> str:
        return self._kubectl.logs(pod, container, previous=previous)


def _name(part: Part) -> str:
    return _NAMES.get(part.component, part.component)
