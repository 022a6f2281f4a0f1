"""What is measured of each contender in each round."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

from support.ports import free_port
from support.process import answers

from compare.asking import REQUESTS, ask
from compare.contenders import OURS, OURS_ASGI, Contender
from compare.processes import Role, started
from compare.table import Row

SECRET = "k" * 25 + "0123456789abcdefghijklmnopq"


@dataclass
class Measures:
    """The rows, which the rounds fill."""

    database: str
    broker: str
    requests: int = 600
    tasks: int = 1000
    rows: dict[str, Row] = field(default_factory=dict)

    def row(self, promise: str, what: str, unit: str) -> Row:
        """The row of that name; it is made if there is none."""
        return self.rows.setdefault(what, Row(promise, what, unit))

    def environment(self, contender: Contender, port: int, **more: str) -> dict[str, str]:
        """The variables of one role."""
        usual = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
        return {
            **usual,
            "SECRET_KEY": SECRET,
            "ALLOWED_HOSTS": "*",
            "DATABASE_URL": self.database,
            "CELERY_BROKER_URL": self.broker,
            "PORT": str(port),
            "PROBE_PORT": str(free_port()),
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            **contender.environment(),
            **more,
        }

    def web(self, contender: Contender, kinds: tuple[str, ...] = tuple(REQUESTS)) -> None:
        """Start web, let it rest, then ask."""
        port = free_port()
        began = time.monotonic()
        with started(contender.web, self.environment(contender, port), port) as role:
            role.until(lambda: answering(role, contender))
            if contender is not OURS_ASGI:
                self.row("P11", "start of web until it answers", "s").note(
                    contender.name, time.monotonic() - began
                )
                self.row("P11", "start of web, CPU", "s").note(contender.name, role.cpu())
            role.until(lambda: settled(role))
            self.row("P11", "web at rest, memory", "MiB").note(contender.name, role.pss())
            for kind in kinds:
                ask(port, kind, 64)  # every process has its connections, and its templates
                before = role.cpu()
                failed = ask(port, kind, self.requests)
                if failed:
                    raise RuntimeError(
                        f"{contender.name}: {failed} of {self.requests} requests failed: {kind}"
                    )
                cost = (role.cpu() - before) / self.requests * 1000
                self.row("P5", f"CPU of one request, {kind}", "ms").note(contender.name, cost)
            self.row("P5", "web after load, memory", "MiB").note(contender.name, role.pss())

    def worker(self, contender: Contender) -> None:
        """Start a worker, let it rest, then send it tasks."""
        port = free_port()
        env = self.environment(contender, port)
        with started(contender.worker, env, port) as role:
            role.until(lambda: consuming(role))
            role.until(lambda: settled(role))
            self.row("P11", "worker at rest, memory", "MiB").note(contender.name, role.pss())
            before = role.cpu()
            command = [sys.executable, "enqueue.py", str(self.tasks)]
            done = subprocess.run(
                command, env=env, cwd=env["PYTHONPATH"], check=True, capture_output=True, text=True
            )
            enqueued = json.loads(done.stdout.splitlines()[-1])["seconds"]
            role.until(lambda: self._waiting() == 0, every=0.1)
            role.until(lambda: settled(role))
            self.row("P14", "CPU of sending one task", "us").note(contender.name, enqueued * 1e6)
            cost = (role.cpu() - before) / self.tasks * 1e6
            self.row("P14", "worker's CPU of one task", "us").note(contender.name, cost)

    def rest(self, contender: Contender, seconds: float = 30) -> None:
        """Start web, a worker and beat, and give them nothing to do for that long."""
        with contextlib.ExitStack() as stack:
            roles: dict[str, Role] = {}
            for name, command in (
                ("web", contender.web),
                ("worker", contender.worker),
                ("beat", contender.beat),
            ):
                if command:
                    port = free_port()
                    roles[name] = stack.enter_context(
                        started(command, self.environment(contender, port), port)
                    )
            roles["web"].until(lambda: answering(roles["web"], contender))
            roles["worker"].until(lambda: consuming(roles["worker"]))
            for role in roles.values():
                role.until(lambda role=role: settled(role))  # type: ignore[misc]
            before = {name: role.running_cpu() for name, role in roles.items()}
            time.sleep(seconds)  # this is what is measured
            cost = {
                name: (role.running_cpu() - before[name]) / seconds * 60_000 for name, role in roles.items()
            }
            for name, value in cost.items():
                self.row("P11", f"{name} at rest, CPU of a minute", "ms").note(contender.name, value)
            if contender.beat:
                whole = "web, a worker and beat at rest"
                self.row("P11", f"{whole}, CPU of a minute", "ms").note(contender.name, sum(cost.values()))
                memory = sum(role.pss() for role in roles.values())
                self.row("P11", f"{whole}, memory", "MiB").note(contender.name, memory)

    def static_files(self, contender: Contender, root: Path, files: int) -> None:
        """Start web with a directory of static files."""
        port = free_port()
        with started(contender.web, self.environment(contender, port, STATIC_ROOT=str(root)), port) as role:
            role.until(lambda: answering(role, contender))
            name = f"start of web with {files:,} static files, CPU"
            self.row("P8", name, "s").note(contender.name, role.cpu())

    def _waiting(self) -> int:
        import redis

        with redis.Redis.from_url(self.broker) as client:
            return int(client.llen("celery")) + int(client.hlen("unacked"))


def answering(role: Role, contender: Contender) -> bool:
    """Whether web answers."""
    return answers(role.port, contender.ready, timeout=5)


def consuming(role: Role) -> bool:
    """Whether a worker says that it is ready."""
    return " ready" in role.log.read_text(errors="replace")


def settled(role: Role) -> bool:
    """Whether the role has had nearly nothing to do for half a second."""
    before = role.cpu()
    time.sleep(0.5)
    return role.cpu() - before <= 0.02


def ours(name: str) -> bool:
    """Whether a contender is ours."""
    return name.startswith(OURS.name)
