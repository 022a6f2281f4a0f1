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

from harness import ROOT, Contender, Result, compare

sys.path.insert(0, str(ROOT / "tests"))

from support.process import answers, environment, free_port, started, wait_until
from support.servers import redis

ASKED = 200


def results() -> list[Result]:
    """The bar of the design: 500 times less CPU than `celery inspect ping`, both for a live worker."""
    with redis() as server, _worker(server.url()) as (listener, port, env):
        theirs = Contender(
            "celery inspect ping",
            [sys.executable, "-m", "celery", "-A", "project", "inspect", "ping", "-d", "celery@bench"],
            env,
        )
        ours = Asked("probe", [], env, listener=listener, port=port)
        return [
            compare(
                "celery inspect ping / the probe of worker and beat", ours, theirs, at_least=500, rounds=5
            )
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


@contextlib.contextmanager
def _worker(broker: str) -> Iterator[tuple[int, int, dict[str, str]]]:
    with tempfile.TemporaryDirectory() as name:
        folder, port = Path(name), free_port()
        env = environment(
            PYTHONPATH=str(ROOT / "tests" / "project"), DJANGO_SETTINGS_MODULE="project.settings", DEBUG="true", STATE_DIR=name,
            DATABASE_URL="sqlite://:memory:", CELERY_BROKER_URL=broker, ROLE="worker", PROBE_PORT=str(port),
        )  # fmt: skip
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "project",
            "worker",
            "-c",
            "1",
            "-n",
            "celery@bench",
            "--without-gossip",
            "--without-mingle",
        ]
        with started(command, env, folder, folder / "worker.log") as worker:
            probe = [sys.executable, "-m", "django_k8s.probe", "--role", "worker", "--pid", str(worker.pid)]
            with started(probe, env, folder, folder / "probe.log") as listener:
                wait_until(lambda: answers(port, "/readyz"), 60, "the worker")
                time.sleep(1)  # the first seconds of a worker are start-up, not waiting
                yield listener.pid, port, env
