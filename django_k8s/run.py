"""``django-k8s run``: a project's web, worker and beat on this machine, in one terminal.

It runs what the image runs, by the same entrypoints, in debug mode unless DEBUG says otherwise.
Each role is in a session of its own, so that the terminal's Ctrl-C reaches this process alone, which
then stops the roles in order.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from django_k8s.copying import assets
from django_k8s.env import Env
from django_k8s.exits import EX_NOINPUT, EX_UNAVAILABLE, EX_USAGE
from django_k8s.exports import exports
from django_k8s.roles import SERVICES as ROLES

_COLOURS = {"web": "36", "worker": "33", "beat": "35", "migrate": "34", "run": "32"}


class Stopped(Exception):
    """A signal asked for the end."""


class Output:
    """One terminal for all roles: whole lines, each with the role before it."""

    def __init__(self, stream: IO[str], *, colours: bool) -> None:
        self.stream, self.colours = stream, colours
        self.lock = threading.Lock()

    def line(self, role: str, text: str) -> None:
        """Print one line. A reader who has gone away is no reason to fail."""
        prefix = f"{role:<7}|"
        if self.colours:
            prefix = f"\x1b[{_COLOURS[role]}m{prefix}\x1b[0m"
        with self.lock, contextlib.suppress(OSError, ValueError):
            self.stream.write(f"{prefix} {text}\n")
            self.stream.flush()

    def copy(self, role: str, source: IO[bytes]) -> None:
        """Print every line of ``source`` until its end."""
        for line in source:
            self.line(role, line.decode(errors="replace").rstrip())


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


def environment(folder: Path, port: int) -> dict[str, str]:
    """The roles' environment: this one, with defaults for a development machine."""
    defaults = {
        "DEBUG": "true",
        "DJANGO_SETTINGS_MODULE": settings_module(folder),
        "STATE_DIR": str(folder / ".state" / "run"),
        "WORKER_CONCURRENCY": "2",
        "WEB_CONCURRENCY": "1",
    }
    named = Env(folder, environ=os.environ)
    kept = {name: value for name, value in defaults.items() if named.resolve(name) is None}
    env = {**kept, **dict(exports(named)), **os.environ, "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    return env


def settings_module(folder: Path) -> str:
    """What manage.py names as the settings module."""
    match = re.search(
        r"DJANGO_SETTINGS_MODULE[\"']\s*,\s*[\"']([\w.]+)", (folder / "manage.py").read_text(errors="replace")
    )
    return match[1] if match else "config.settings"


def grace(role: str, environ: Mapping[str, str]) -> float:
    """Seconds that a role has between SIGTERM and SIGKILL."""
    env, name = Env(environ=environ), f"{role.upper()}_GRACE_SECONDS"
    return env.int(name) if name in env.table else 10.0


def taken(port: int) -> bool:
    """Whether somebody listens on ``port`` already."""
    with socket.socket() as sock:
        # As servers do: a connection of the former run that lingers is not in the way.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind(("", port))
            sock.listen(1)
        except OSError:
            return True
    return False


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


def main(argv: Sequence[str]) -> int:
    """Run the command line ``django-k8s run`` and return its exit status: 0 after a signal."""
    parser = argparse.ArgumentParser(
        prog="django-k8s run", description="Run web, worker and beat of a project on this machine."
    )
    parser.add_argument(
        "--port",
        type=_port,
        default=8000,
        help="port of the site; the probes take the three after it (default: 8000)",
    )
    parser.add_argument(
        "--dir", type=Path, default=Path(), help="folder of manage.py (default: this one)", metavar="FOLDER"
    )
    try:
        options = parser.parse_args(argv)
    except SystemExit as end:
        return EX_USAGE if end.code else 0
    folder = options.dir.resolve()
    if not (folder / "manage.py").is_file():
        return _refuse(f"there is no manage.py in {folder}. Name its folder: --dir FOLDER.", EX_NOINPUT)
    missing = [name for name in ("gunicorn", "celery") if importlib.util.find_spec(name) is None]
    if missing:
        return _refuse(
            f"{' and '.join(missing)} not installed: pip install 'django-k8s-toolkit[web,worker]'.",
            EX_UNAVAILABLE,
        )
    ports = [port for port in range(options.port, options.port + 1 + len(ROLES)) if taken(port)]
    if ports:
        names = " and ".join(map(str, ports))
        what = f"port {names} is taken" if len(ports) == 1 else f"ports {names} are taken"
        return _refuse(
            f"{what}, so nothing was started. Stop what runs there, or use others: --port {options.port + 10}.",
            EX_UNAVAILABLE,
        )
    colours = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return Runner(folder, options.port, Output(sys.stdout, colours=colours)).run()


def _port(text: str) -> int:
    port = int(text)
    if not 1024 <= port <= 65535 - len(ROLES):
        raise argparse.ArgumentTypeError(f"choose a port from 1024 to {65535 - len(ROLES)}")
    return port


def _refuse(text: str, status: int) -> int:
    print(f"django-k8s run: {text}", file=sys.stderr)
    return status
