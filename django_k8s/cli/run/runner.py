"""The processes of the roles: start, watch and stop them in order.

A runner of Procfiles would be another dependency of every project, and it supports neither probes nor an order of
stopping.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from django_k8s.cli.run.detect import Missing, read
from django_k8s.cli.run.project import environment, grace
from django_k8s.cli.run.terminal import Output
from django_k8s.environment.assets import assets
from django_k8s.environment.exit_codes import EX_CONFIG, EX_UNAVAILABLE
from django_k8s.environment.roles import CELERY_ROLES, SERVICES


class Stopped(Exception):
    """A signal asked to stop."""


class Refused(Exception):
    """Nothing can be started. The message says why, and ``status`` is the exit status."""

    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class Part(NamedTuple):
    """A part that is started: a role or one of several daemons, with its arguments and the number of its probe port."""

    name: str
    role: str
    args: Sequence[str]
    place: int


class Child:
    """The process of a role or daemon, which leads a new session and process group."""

    def __init__(
        self, part: Part, args: Sequence[str], env: Mapping[str, str], directory: Path, output: Output
    ) -> None:
        self.name, self.role = part.name, part.role
        entrypoint = str(assets() / "entrypoints" / "entrypoint")
        self.popen = subprocess.Popen(  # noqa: S603 - our own script
            ["/bin/sh", entrypoint, self.role, *args],
            cwd=directory,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        assert self.popen.stdout
        self.reader = threading.Thread(target=output.copy, args=(self.name, self.popen.stdout), daemon=True)
        self.reader.start()

    @property
    def status(self) -> int | None:
        """Return the exit status, or None while it runs."""
        return self.popen.poll()

    def terminate(self) -> None:
        """Ask the role to stop, as Kubernetes does."""
        if self.status is None:
            self.popen.terminate()

    def sweep(self) -> None:
        """End the rest of the group, such as a probe listener that has not noticed the end yet."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.wait()
        self.reader.join(1)


class RoleRunner:
    """Start the roles, wait for a signal or for the end of a role, and stop all of them."""

    def __init__(
        self, directory: Path, port: int, output: Output, daemons: Mapping[str, Sequence[str]]
    ) -> None:
        self.daemons = daemons
        self.directory, self.port, self.output = directory, port, output
        self.children: list[Child] = []
        self.signals: list[int] = []  # handlers only append to it
        self.env = environment(directory, port)

    def run(self, roles: Sequence[str], *, chosen: bool = False) -> int:
        """Run until the end and return the exit status.

        Leave out roles that the project does not have, unless the user has ``chosen`` the roles: then this is an
        error. Raise Refused if the roles cannot run here.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda got, _: self.signals.append(got))
        try:
            roles = self.available(roles, chosen=chosen)
            parts = self.parts(roles)
            self.check_ports(parts)
            status = self.migrate() or self.serve(parts)
        except Stopped:
            status = 0
        return self.stop() or status

    def available(self, roles: Sequence[str], *, chosen: bool) -> Sequence[str]:
        """Return the ``roles`` that the project has."""
        lacks = self.lacks()
        if lacks.library:
            raise Refused(lacks.library, EX_CONFIG)
        names = " and ".join(role for role in roles if role in CELERY_ROLES)
        if not names or not (missing := lacks.celery):
            return roles
        # Otherwise, a wrong name would look like a project without Celery.
        if chosen or self.env.get("CELERY_APP"):
            raise Refused(f"{names} cannot be run: {missing}", EX_CONFIG)
        self.output.line("run", f"{names} are not run: {missing}")
        return [role for role in roles if role not in CELERY_ROLES]

    def lacks(self) -> Missing:
        """Return what the project lacks. This is found out in another process, because it imports the project."""
        with subprocess.Popen(
            [sys.executable, "-m", "django_k8s.cli.run.detect"],
            cwd=self.directory,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as popen:
            try:
                while True:
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        return read(popen.communicate(timeout=0.1)[0])
                    self.poll()
            finally:
                popen.kill()

    def parts(self, roles: Sequence[str]) -> list[Part]:
        """Return what to start: each role, and a daemon for each command."""
        # Only this machine may connect, because debug mode shows settings and source code.
        args = {"web": ["--bind", f"127.0.0.1:{self.port}"]}
        parts = [
            Part(role, role, args.get(role, []), SERVICES.index(role)) for role in roles if role != "daemon"
        ]
        if "daemon" in roles:
            first = SERVICES.index("daemon")
            parts += [
                Part(name, "daemon", command, first + number)
                for number, (name, command) in enumerate(self.daemons.items())
            ]
        return parts

    def check_ports(self, parts: Sequence[Part]) -> None:
        """Raise Refused if a required port is in use."""
        needed = [self.port] if any(part.role == "web" for part in parts) else []
        ports = [port for port in (*needed, *map(self.probe_port, parts)) if port_in_use(port)]
        if ports:
            names = " and ".join(map(str, ports))
            what = f"port {names} is taken" if len(ports) == 1 else f"ports {names} are taken"
            raise Refused(
                f"{what}, so nothing was started. Stop what runs there, or use others: --port {self.port + 10}.",
                EX_UNAVAILABLE,
            )

    def probe_port(self, part: Part) -> int:
        """Return the port of the probes."""
        return self.port + 1 + part.place

    def migrate(self) -> int:
        """Migrate the database."""
        child = self.start(Part("migrate", "migrate", [], 0), {})
        while child.status is None:
            self.poll()
        child.reader.join(5)
        self.children.clear()
        if child.status:
            self.output.line("run", "The database could not be migrated, so nothing was started.")
        return child.status

    def serve(self, parts: Sequence[Part]) -> int:
        """Start all parts, say when they are ready, and return when one of them ends."""
        for part in parts:
            more = {"PROBE_PORT": str(self.probe_port(part))}
            if part.role == "daemon":
                more["STATE_DIR"] = f"{self.env['STATE_DIR']}/{part.name}"  # daemons are one role
            self.start(part, more)
        web = any(part.role == "web" for part in parts)
        unready = [self.port] if web else [self.probe_port(part) for part in parts]
        while True:
            self.poll()
            for child in self.children:
                if child.status is not None:
                    others = " The others are stopped." if len(parts) > 1 else ""
                    self.output.line(
                        "run", f"{child.name} ended by itself with status {child.status}.{others}"
                    )
                    return 1
            if unready and all(map(answers, unready)):
                unready = []
                what = (
                    f"http://127.0.0.1:{self.port}/"
                    if web
                    else f"{' and '.join(part.name for part in parts)}."
                )
                self.output.line("run", f"Ready: {what} Ctrl-C stops everything.")

    def start(self, part: Part, more: Mapping[str, str]) -> Child:
        """Start one part, with its own variables."""
        child = Child(part, part.args, {**self.env, **more}, self.directory, self.output)
        self.children.append(child)
        return child

    def poll(self) -> None:
        """Pause briefly. Raise Stopped after a signal."""
        time.sleep(0.1)
        if self.signals:
            raise Stopped

    def stop(self) -> int:
        """Send SIGTERM to every role, and wait for their grace periods, or until a second signal."""
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
                late.append(child.name)
        for child in self.children:
            child.sweep()
        if late:
            self.output.line("run", f"{', '.join(late)} did not stop in time and had to be killed.")
            return 1
        if self.signals:
            self.output.line("run", f"Everything has stopped ({time.monotonic() - began:.1f} s).")
        return 0


def port_in_use(port: int) -> bool:
    """Return whether ``port`` is in use."""
    with socket.socket() as sock:
        # As in servers: old connections of the previous run do not block the port.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", port))
            sock.listen(1)
        except OSError:
            return True
    return False


def answers(port: int) -> bool:
    """Return whether the site or the role behind ``port`` is ready."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
