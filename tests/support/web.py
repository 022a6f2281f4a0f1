"""The web role as its entrypoint starts it: the listener beside it, then gunicorn."""

from __future__ import annotations

import contextlib
import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from support.ports import free_port
from support.process import Process, Response, answers, environment, get, run, started, wait_until

ROOT = Path(__file__).resolve().parents[2]
PROJECT = ROOT / "tests" / "project"


@dataclass
class Web:
    """A running web role."""

    gunicorn: Process
    listener: Process | None
    port: int
    probe_port: int
    state: Path

    def get(self, path: str = "/", **options: object) -> Response:
        """One request to the web port."""
        return get(self.port, path, **options)  # type: ignore[arg-type]

    def probe(self, path: str = "/livez", timeout: float = 1.0) -> Response:
        """One request to the probe port, with the kubelet's default timeout."""
        return get(self.probe_port, path, timeout=timeout)

    @property
    def workers(self) -> list[int]:
        """The process ids of gunicorn's workers."""
        return [pid for pid in children(self.gunicorn.pid) if not zombie(pid)]

    def stop(self, seconds: float = 40, below: float = math.inf) -> int:
        """SIGTERM, then the exit status of gunicorn."""
        return self.gunicorn.stop(seconds, below)


def production(**extra: str) -> dict[str, str]:
    """The environment of a role of the test project in production, without TLS before it."""
    return environment(
        **{
            "PYTHONPATH": str(PROJECT),
            "DJANGO_SETTINGS_MODULE": "project.settings",
            "SECRET_KEY": "k" * 25 + "0123456789abcdefghijklmnopq",
            "ALLOWED_HOSTS": "*",
            "HTTPS": "false",
            "CELERY_BROKER_URL": "memory://",
            **extra,
        }
    )


def migrate(database_url: str) -> str:
    """Make the tables of the test project; returns the same URL."""
    done = run(
        [sys.executable, "manage.py", "migrate", "-v0"], production(DATABASE_URL=database_url), PROJECT, 120
    )
    assert done.returncode == 0, done.stderr
    return database_url


@contextlib.contextmanager
def web(folder: Path, *args: str, listener: bool = True, **extra: str) -> Iterator[Web]:
    """gunicorn with its configuration, and the listener; ready to serve.

    ``extra`` are variables; SQLite in ``folder`` is the database unless DATABASE_URL is among them.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port, probe_port, state = free_port(), free_port(), folder / "state"
    env = production(
        **{
            "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
            "PORT": str(port),
            "PROBE_PORT": str(probe_port),
            "STATE_DIR": str(state),
            "ROLE": "web",
            **extra,
        }
    )
    command = [
        sys.executable,
        "-m",
        "django_k8s.run_role",
        "gunicorn",
        "-c",
        "python:django_k8s.gunicorn.configuration",
        *args,
    ]
    with contextlib.ExitStack() as stack:
        gunicorn = stack.enter_context(started(command, env, folder, folder / "gunicorn.log"))
        probing = None
        if listener:
            probe = [sys.executable, "-m", "django_k8s.probe", "--role", "web", "--pid", str(gunicorn.pid)]
            probing = stack.enter_context(started(probe, env, folder, folder / "listener.log"))
            wait_until(lambda: answers(probe_port, "/livez"), 20, "the listener")
        wait_until(
            lambda: answers(port, "/where") or not gunicorn.running(), 40, f"gunicorn\n{gunicorn.output}"
        )
        assert gunicorn.running(), gunicorn.output
        yield Web(gunicorn, probing, port, probe_port, state)


def stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def zombie(pid: int) -> bool:
    """Whether a process has ended and nobody has noticed."""
    return stat(pid)[:1] == ["Z"]


def children(pid: int) -> list[int]:
    """The process ids of a process's children, zombies too."""
    every = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return sorted(child for child in every if stat(child)[1:2] == [str(pid)])
