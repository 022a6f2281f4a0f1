"""The Helm release of an environment."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.release.kube import Kubectl, Object
from django_k8s.release.outcome import Stopped
from django_k8s.release.programs import Result, attempt, failure

# A killed process leaves its revision pending. A live process finishes in seconds, because it does not wait.
_PENDING_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """The result that an installation would have: the values of the chart after all files, and the revision."""

    values: dict[str, Any]
    revision: int

    def get(self, *path: str) -> Any:
        """Return a value, or None if there is none."""
        found: Any = self.values
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found


class Release:
    """A Helm release: its chart and its values."""

    def __init__(
        self,
        kubectl: Kubectl,
        name: str,
        chart: Path,
        files: Sequence[Path] = (),
        options: Sequence[str] = (),
    ) -> None:
        self.name = name
        self._kubectl = kubectl
        self._chart = chart
        self._files = [chart / "values-staging.yaml", *files]
        self._options = options

    def plan(self, values: Object) -> Plan:
        """Return what an installation with ``values`` would do. Raise Stopped if the chart refuses them."""
        self._recover()  # a pending revision prevents even a dry run
        made = json.loads(self._upgrade(values, "--dry-run=client", "-o", "json", "--hide-secret"))
        return Plan(
            _merged(made["chart"].get("values") or {}, made.get("config") or {}), int(made["version"])
        )

    def install(self, values: Object) -> int:
        """Install or upgrade the release without waiting, and return its revision."""
        self._recover()
        made = json.loads(self._upgrade(values, "-o", "json"))
        return int(made["version"])

    def uninstall(self, seconds: int) -> None:
        """Remove the release and wait until its objects are gone."""
        done = self._helm("uninstall", self.name, "--ignore-not-found", "--wait", f"--timeout={seconds}s")
        if done.status:
            raise failure(f"helm uninstall {self.name}", done.err or done.out)

    def _upgrade(self, values: Object, *more: str) -> str:
        files = [word for file in self._files for word in ("-f", str(file))]
        done = self._helm(
            "upgrade", "--install", self.name, str(self._chart), *files, "-f", "-", *self._options, *more,
            stdin=json.dumps(values),
        )  # fmt: skip
        if done.status:
            raise failure(f"helm upgrade {self.name}", done.err or done.out)
        return done.out

    def _recover(self) -> None:
        """Forget a revision that a killed process left unfinished. The next revision adopts its objects."""
        while pending := self._pending():
            revision, age = pending
            if age >= _PENDING_SECONDS:
                self._kubectl.delete("secret", f"sh.helm.release.v1.{self.name}.v{revision}")
                return
            time.sleep(1.0)

    def _pending(self) -> tuple[int, float] | None:
        done = self._helm("status", self.name, "-o", "json")
        if done.status:
            return None
        found = json.loads(done.out)
        if not str(found["info"]["status"]).startswith("pending-"):
            return None
        return int(found["version"]), _age(str(found["info"]["last_deployed"]))

    def _helm(self, *args: str, stdin: str | None = None) -> Result:
        place = ("--kube-context", self._kubectl.context, "-n", self._kubectl.namespace)
        return attempt("helm", *args, *place, stdin=stdin)


def options(sets: Sequence[str], files: Sequence[Path]) -> list[str]:
    """Return Helm's options for the values on the command line. Raise Stopped if a file is missing."""
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise Stopped(f"There is no file {missing[0]}. Correct --values.", EX_CONFIG)
    return [word for file in files for word in ("-f", str(file))] + [
        word for one in sets for word in ("--set", one)
    ]


def _age(moment: str) -> float:
    """Return the seconds since a time in Helm's format, which has nanoseconds."""
    head = moment[:19]
    zone = moment[19:].lstrip(".0123456789")
    made = datetime.fromisoformat(f"{head}{'+00:00' if zone in ('', 'Z') else zone}")
    return (datetime.now(UTC) - made).total_seconds()


def _merged(one: Object, other: Object) -> Object:
    result = dict(one)
    for key, value in other.items():
        both = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = _merged(result[key], value) if both else value
    return result
