"""An environment that ``django-k8s up`` has made, as kubectl shows it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

INSIDE = Path(__file__).with_name("inside.py")
_FINISHED = ("Succeeded",)


class CannotAsk(Exception):
    """The cluster or a pod did not answer a question; the text says what it said."""


@dataclass(frozen=True)
class Pods:
    """The pods of an environment that should be running."""

    ready: list[str]
    waiting: list[str]

    def __str__(self) -> str:
        text = f"{len(self.ready)} of {len(self.ready) + len(self.waiting)}"
        return f"{text}; not ready: {', '.join(self.waiting)}" if self.waiting else text


@dataclass(frozen=True)
class Environment:
    """One row of ``django-k8s list --json``."""

    namespace: str
    release: str
    address: str

    def kubectl(self, *arguments: str, stdin: str = "", timeout: float = 120) -> str:
        """Run kubectl in the namespace and return what it prints. Raise CannotAsk if it fails."""
        try:
            done = subprocess.run(
                ["kubectl", "-n", self.namespace, *arguments],
                input=stdin, capture_output=True, text=True, errors="replace", timeout=timeout, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            raise CannotAsk(f"kubectl {arguments[0]} did not end within {timeout:.0f} s") from None
        if done.returncode:
            lines = (done.stderr.strip() or done.stdout.strip() or "no output").splitlines()
            raise CannotAsk(f"kubectl {arguments[0]}: {lines[-1]}")
        return done.stdout

    def _pods(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.kubectl("get", "pods", "-o", "json"))["items"]
        return found

    def pods(self) -> Pods:
        """Return which pods are ready. Those of jobs that have ended well are not counted."""
        ready, waiting = [], []
        for pod in self._pods():
            status = pod["status"]
            if status.get("phase") in _FINISHED:
                continue
            conditions = {one["type"]: one["status"] for one in status.get("conditions", [])}
            (ready if conditions.get("Ready") == "True" else waiting).append(pod["metadata"]["name"])
        return Pods(ready, waiting)

    def pod(self, component: str) -> str:
        """Return the name of a running pod of a component such as web; empty if there is none."""
        return running(self._pods(), component)

    def ask(self, component: str, question: str, *arguments: str) -> dict[str, Any]:
        """Ask the project itself, in one of its pods: see inside.py."""
        pod = self.pod(component)
        if not pod:
            raise CannotAsk(f"no pod of {component} runs")
        out = self.kubectl(
            "exec", "-i", pod, "--", "python", "-", question, *arguments, stdin=INSIDE.read_text()
        )
        answer: dict[str, Any] = json.loads(out.strip().splitlines()[-1])
        return answer

    def administrator(self) -> dict[str, str]:
        """Return the names and the password of the first administrator."""
        values = json.loads(subprocess.run(
            ["helm", "get", "values", self.release, "-n", self.namespace, "--all", "-o", "json"],
            capture_output=True, text=True, check=True,
        ).stdout)  # fmt: skip
        account = values.get("superuser") or {}
        name, key = account.get("secretName"), account.get("secretKey")
        password = ""
        if name and key:
            path = f"go-template={{{{index .data {json.dumps(key)} | base64decode}}}}"
            password = self.kubectl("get", "secret", name, "-o", path)
        return {
            "username": str(account.get("username", "")),
            "email": str(account.get("email", "")),
            "password": password,
        }

    @contextmanager
    def opened(self) -> Iterator[str]:
        """Yield the URL that ``up`` printed; where it printed a command that opens a way, that runs meanwhile."""
        if not self.address.startswith("kubectl "):
            yield self.address
            return
        command = shlex.split(self.address.partition("    #")[0])
        port = command[-1].partition(":")[0]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                assert process.stdout
                for line in process.stdout:
                    if line.startswith("Forwarding from"):
                        break
                else:
                    raise CannotAsk("the command that up printed ended before it opened a way")
                yield f"http://localhost:{port}/"
            finally:
                process.terminate()

    def is_gone(self, seconds: float = 30) -> bool:
        """Whether nothing is left of the namespace."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            found = subprocess.run(
                ["kubectl", "get", "namespace", self.namespace, "--ignore-not-found", "-o", "name"],
                capture_output=True, text=True, check=False,
            )  # fmt: skip
            if found.returncode == 0 and not found.stdout.strip():
                return True
        return False


def running(pods: list[dict[str, Any]], component: str) -> str:
    """Return the first of ``pods`` that runs ``component``, such as web, or one of its kind, such as worker-mail for worker."""
    for pod in pods:
        labelled = pod["metadata"].get("labels", {}).get("app.kubernetes.io/component", "")
        if pod["status"].get("phase") == "Running" and (
            labelled == component or labelled.startswith(f"{component}-")
        ):
            return str(pod["metadata"]["name"])
    return ""


def resolver_rules(address: str) -> list[str]:
    """Options for Chromium, if the address is a name that only the cluster's ingress on this machine answers to."""
    ingress, host = os.environ.get("CLUSTER_INGRESS_HTTPS", ""), urlsplit(address).hostname
    if not ingress or not address.startswith("https://") or not host:
        return []
    return [f"--host-resolver-rules=MAP {host}:443 {ingress}"]
