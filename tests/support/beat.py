"""Beats under test, and a consumer that notes when each of their messages arrived."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import redis

from django_k8s.probe import heartbeat
from support.process import Process, environment, run, started, wait_until

PROJECT = Path(__file__).resolve().parent.parent / "project"
HOLDS = "this process holds the lock"


@dataclass(frozen=True)
class Message:
    """One task as it arrived at the broker."""

    entry: str
    id: str
    due: datetime | None
    at: float
    pid: int  # of the process that published it

    @property
    def late(self) -> float:
        """Seconds between the due time and the arrival."""
        assert self.due
        return self.at - self.due.timestamp()


@dataclass
class Inbox:
    """Takes every message of one queue as soon as it is there."""

    url: str
    messages: list[Message] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def take(self) -> None:
        client = redis.Redis.from_url(self.url)
        while not self.stopped.is_set():
            try:
                popped = client.blpop(["celery"], timeout=0.5)
            except redis.RedisError:
                time.sleep(0.2)
                continue
            if popped:
                self.messages.append(parse(popped[1]))
        client.close()

    def of(self, entry: str) -> list[Message]:
        return [message for message in self.messages if message.entry == entry]

    def pause(self, old: Process, new: Process) -> float:
        """Seconds between the last message of one process and the first of another, all of one entry."""
        of_old, of_new = ([m.at for m in self.messages if m.pid == process.pid] for process in (old, new))
        return min(of_new) - max(of_old)


def parse(raw: bytes) -> Message:
    message = json.loads(raw)
    headers = message["headers"]
    due = headers.get("beat_due")
    return Message(
        re.sub(r"[^\w-]", "", headers["argsrepr"]),
        headers["id"],
        datetime.fromisoformat(due) if due else None,
        time.time(),
        int(re.sub(r"\D", "", headers["origin"].partition("@")[0])),
    )


@contextlib.contextmanager
def inbox(url: str) -> Iterator[Inbox]:
    """An inbox that fills while the block runs."""
    box = Inbox(url)
    thread = threading.Thread(target=box.take, daemon=True)
    thread.start()
    try:
        yield box
    finally:
        box.stopped.set()
        thread.join(5)


class Beats:
    """Several beats of one project; ``newest`` first started last."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self.folder, self.env = folder, env
        self.processes: list[Process] = []
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Beats:
        result = run([sys.executable, "-m", "django", "migrate", "-v0"], self.env, PROJECT, 120)
        assert result.returncode == 0, result.stderr
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def start(self, *before: str, options: Sequence[str] = (), **more: str) -> Process:
        """Start one more; ``before`` is a command that starts another, ``options`` are those of ``celery beat``."""
        number = len(self.processes)
        env = {**self.env, "STATE_DIR": str(self.folder / f"state-{number}"), **more}
        command = [*before, sys.executable, "-m", "django_k8s.celery", "beat", *options]
        process = self._stack.enter_context(
            started(command, env, self.folder, self.folder / f"beat-{number}.log")
        )
        self.processes.append(process)
        return process

    def holder(self, seconds: float = 20) -> Process:
        """The running beat that took the lock last."""

        def find() -> Process | None:
            holding = [process for process in self.processes if process.running() and HOLDS in process.output]
            return holding[-1] if holding else None

        found = wait_until(find, seconds, "a beat that holds the lock")
        assert found
        return found


def last_heartbeat(folder: Path) -> float:
    """When the first beat of ``folder`` last gave a sign of life, by the monotonic clock; 0 before that."""
    return max((beat["at"] for beat in heartbeat.read(folder / "state-0" / "beat")), default=0.0)


def beat_environment(folder: Path, database: str, broker: str, **more: str) -> dict[str, str]:
    """The environment of a beat in debug mode."""
    return environment(
        DEBUG="true", DJANGO_SETTINGS_MODULE="project.settings", PYTHONPATH=str(PROJECT), DATABASE_URL=database, CELERY_BROKER_URL=broker,
        ROLE="beat", LOG_LEVEL="INFO", TMPDIR=str(folder), **more,
    )  # fmt: skip
