"""What it costs to ask whether a worker or beat is alive."""

from __future__ import annotations

import contextlib
import http.client
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from harness import ROOT, Contender, Failure, Result, compare

sys.path.insert(0, str(ROOT / "tests"))

from support.ports import free_port
from support.process import answers, environment, run, started, wait_until
from support.servers import redis

ASKED = 1000  # the kernel counts in hundredths of a second


def results() -> list[Result | Failure]:
    """The bar of the design: 500 times less CPU than `celery inspect ping` of a live worker; beat has nothing like it."""
    with redis() as server, _role("worker", server.url()) as worker, _role("beat", server.url()) as beat:
        theirs = Contender(
            "celery inspect ping",
            [sys.executable, "-m", "celery", "-A", "project", "inspect", "ping", "-d", "celery@bench"],
            worker.env,
        )
        return [
            compare(f"celery inspect ping / the probe of {ours.name}", ours, theirs, at_least=500, rounds=5)
            for ours in (worker, beat)
        ]


class Asked(Contender):
    """CPU time of the listener for one /livez, from the kernel's own account of the process."""

    def __init__(self, *args: object, listener: int, port: int) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        object.__setattr__(self, "listener", listener)
        object.__setattr__(self, "port", port)

    def run(self) -> float:
        """Ask often, and divide."""
        began = _cpu(self.listener)  # type: ignore[attr-defined]
        for _ in range(ASKED):
            connection = http.client.HTTPConnection("127.0.0.1", self.port)  # type: ignore[attr-defined]
            connection.request("GET", "/livez")
            assert connection.getresponse().status == 200
            connection.close()
        return (_cpu(self.listener) - began) / ASKED  # type: ignore[attr-defined]


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


# What starts each role.
COMMANDS = {"worker": ["worker", "-c", "1", "-n", "celery@bench"], "beat": ["beat"]}


@contextlib.contextmanager
def _role(name: str, broker: str) -> Iterator[Asked]:
    with tempfile.TemporaryDirectory() as path:
        folder, port = Path(path), free_port()
        env = environment(
            PYTHONPATH=str(ROOT / "tests" / "project"), DJANGO_SETTINGS_MODULE="project.settings", DEBUG="true", STATE_DIR=path,
            DATABASE_URL=f"sqlite:///{path}/db.sqlite3", CELERY_BROKER_URL=broker, ROLE=name, PROBE_PORT=str(port), TEST_BEAT_SECONDS="1",
        )  # fmt: skip
        made = run([sys.executable, "-m", "django", "migrate", "-v0"], env, folder)
        assert made.returncode == 0, made.stderr
        command = [sys.executable, "-m", "django_k8s.celery", *COMMANDS[name]]
        with started(command, env, folder, folder / f"{name}.log") as role:
            probe = [sys.executable, "-m", "django_k8s.probe", "--role", name, "--pid", str(role.pid)]
            with started(probe, env, folder, folder / "probe.log") as listener:
                wait_until(lambda: answers(port, "/readyz"), 60, name)
                time.sleep(1)  # the first seconds of a role are start-up, not waiting
                yield Asked(name, [], env, listener=listener.pid, port=port)
