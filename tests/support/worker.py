"""Workers under test, and the traces that their tasks leave."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from support.ports import free_port
from support.process import Process, answers, environment, started, wait_until

PROJECT = Path(__file__).resolve().parent.parent / "project"


@dataclass
class Workers:
    """Workers of the test project on one broker. The folder holds logs, traces and heartbeats."""

    folder: Path
    broker: str
    more: dict[str, str] = field(default_factory=dict)
    processes: list[Process] = field(default_factory=list)
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)

    def start(self, *options: str, ready: bool = True, **more: str) -> Process:
        """Start one worker with its probe listener; ``port`` on it is the listener's."""
        number, port = len(self.processes), free_port()
        traces = self.folder / "traces"
        traces.mkdir(exist_ok=True)
        env = environment(
            DEBUG="true", DJANGO_SETTINGS_MODULE="project.settings", PYTHONPATH=str(PROJECT), ROLE="worker", LOG_LEVEL="INFO",
            CELERY_BROKER_URL=self.broker, TEST_TRACES=str(traces), TMPDIR=str(self.folder),
            PROBE_PORT=str(port), **{"STATE_DIR": str(self.folder / f"state-{number}"), "DATABASE_URL": "sqlite://:memory:", **self.more, **more},
        )  # fmt: skip
        command = [sys.executable, "-m", "django_k8s.run_role", "django_k8s.celery", "worker", "-n", f"worker{number}@test", *options]  # fmt: skip
        process = self._stack.enter_context(
            started(command, env, self.folder, self.folder / f"worker-{number}.log")
        )
        probe = [sys.executable, "-m", "django_k8s.probe", "--role", "worker", "--pid", str(process.pid)]
        self._stack.enter_context(started(probe, env, self.folder, self.folder / f"probe-{number}.log"))
        self.processes.append(process)
        process.port = port  # type: ignore[attr-defined]
        if ready:
            wait_until(lambda: answers(port, "/readyz"), 60, "a worker that is ready")
        return process

    def close(self) -> None:
        self._stack.close()

    def trace(self, kind: str) -> Counter[int]:
        """How often each task has "started" or is "done"."""
        lines: Counter[int] = Counter()
        for path in (self.folder / "traces").glob(f"{kind}-*"):
            lines.update(int(line) for line in path.read_text().splitlines())
        return lines


@contextlib.contextmanager
def workers(folder: Path, broker: str, **more: str) -> Iterator[Workers]:
    """No worker yet; those that are started are ended with the block."""
    group = Workers(folder, broker, more)
    try:
        yield group
    finally:
        group.close()


def send(
    broker: str, tasks: Iterable[tuple[float, ...]], name: str = "project.tasks.work", **more: object
) -> None:
    """Give tasks, each by its arguments, to the broker, each confirmed where it can confirm."""
    from kombu import Connection
    from project.celery import app

    options = {"confirm_publish": True} if broker.startswith("amqp") else {}
    with Connection(broker, transport_options=options) as connection:
        for task in tasks:
            app.send_task(name, task, connection=connection, **more)
