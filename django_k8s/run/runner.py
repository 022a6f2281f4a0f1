"""The roles' processes: started, watched and stopped in order."""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from django_k8s.copying import assets
from django_k8s.roles import SERVICES as ROLES
from django_k8s.run.project import environment, grace
from django_k8s.run.terminal import Output


class Stopped(Exception):
    """A signal asked for the end."""


class Child:
    """A role's process, the leader of a session and process group of its own."""

    def __init__(
        self, role: str, args: Sequence[str], env: Mapping[str, str], folder: Path, output: Output
    ) -> None:
        self.role = role
        entrypoint = str(assets() / "entrypoints" / "entrypoint")
        self.popen = subprocess.Popen(  # noqa: S603 - our own script
            ["/bin/sh", entrypoint, role, *args],
            cwd=folder,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.popen.stdout
        self.reader = threading.Thread(target=output.copy, args=(role, self.popen.stdout), daemon=True)
        self.reader.start()

    @property
    def status(self) -> int | None:
        """The exit status, None while it runs."""
        return self.popen.poll()

    def terminate(self) -> None:
        """Ask the role to stop, as Kubernetes does."""
        if self.status is None:
            self.popen.terminate()

    def sweep(self) -> None:
        """End what is left of the group, such as a probe listener that has not noticed yet."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self.reader.join(1)


class Runner:
    """Starts the roles, waits for a signal or for a role's death, and stops all of them."""

    def __init__(self, folder: Path, port: int, output: Output) -> None:
        self.folder, self.port, self.output = folder, port, output
        self.children: list[Child] = []
        self.signals: list[int] = []  # handlers do nothing but append
        self.env = environment(folder, port)

    def run(self) -> int:
        """Run until the end and return the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda got, _: self.signals.append(got))
        try:
            status = self.migrate() or self.serve()
        except Stopped:
            status = 0
        return self.stop() or status

    def migrate(self) -> int:
        """Bring the database up to date."""
        child = self.start("migrate", {})
        while child.status is None:
            self.breathe()
        child.reader.join(5)
        self.children.clear()
        if child.status:
            self.output.line("run", "The database could not be migrated, so nothing was started.")
        return child.status

    def serve(self) -> int:
        """Start the roles, say when the site answers, and return when one of them ends."""
        for number, role in enumerate(ROLES):
            self.start(role, {"PROBE_PORT": str(self.port + 1 + number)})
        said = False
        while True:
            self.breathe()
            for child in self.children:
                if child.status is not None:
                    self.output.line(
                        "run",
                        f"{child.role} ended by itself with status {child.status}. The others are stopped.",
                    )
                    return 1
            if not said and answers(self.port):
                said = True
                self.output.line("run", f"Ready: http://127.0.0.1:{self.port}/ Ctrl-C stops everything.")

    def start(self, role: str, more: Mapping[str, str]) -> Child:
        """Start one role with some variables of its own."""
        # Only this machine may connect: debug mode shows settings and source.
        args = ["--bind", f"127.0.0.1:{self.port}"] if role == "web" else []
        child = Child(role, args, {**self.env, **more}, self.folder, self.output)
        self.children.append(child)
        return child

    def breathe(self) -> None:
        """A short pause. Raises Stopped once a signal has come."""
        time.sleep(0.1)
        if self.signals:
            raise Stopped

    def stop(self) -> int:
        """SIGTERM to every role, then wait for their grace periods; a second signal cuts them short."""
        asked, began = len(self.signals), time.monotonic()
        if any(child.status is None for child in self.children):
            self.output.line("run", "Stopping. Another Ctrl-C ends everything at once.")
        for child in self.children:
            child.terminate()
        late = []
        for child in self.children:
            end = began + grace(child.role, self.env)
            while child.status is None and time.monotonic() < end and len(self.signals) == asked:
                time.sleep(0.05)
            if child.status is None:
                late.append(child.role)
        for child in self.children:
            child.sweep()
        if late:
            self.output.line("run", f"{', '.join(late)} did not stop in time and had to be killed.")
            return 1
        if self.signals:
            self.output.line("run", f"Everything has stopped ({time.monotonic() - began:.1f} s).")
        return 0


def answers(port: int) -> bool:
    """Whether the site is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
