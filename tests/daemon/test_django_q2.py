"""A cluster of django-q2 as a daemon, with the code of docs/how-to/django-q2.md."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import servers
from support.daemons import app, freeze, listens, probe
from support.process import Process, run, stays, wait_until
from support.queues import JOBS, code, module
from support.roles import lines, role, role_environment
from support.web import PROJECT

SETTINGS = """
from project.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "django_q", "loops"]
Q_CLUSTER = {"workers": 1, "queue_limit": 1, "timeout": 600, "retry": 1200, "poll": 0.2, "BROKER"}
"""
SEND = """
import sys, django
django.setup()
from django_q.tasks import async_task
for name in sys.argv[2:]:
    async_task("jobs.work", sys.argv[1], name)
"""


def variables(folder: Path, broker: str, database: str) -> dict[str, str]:
    """The environment of a project whose broker is this one, as Q_CLUSTER has it."""
    module(folder, "q_settings.py", SETTINGS.replace('"BROKER"', broker))
    module(folder, "jobs.py", JOBS)
    module(folder, "send.py", SEND)
    app(folder)
    module(folder, "apps/loops/management/commands/watched_qcluster.py", code("django-q2.md"))
    return {
        "DJANGO_SETTINGS_MODULE": "q_settings",
        "PYTHONPATH": f"{folder}:{folder / 'apps'}:{PROJECT}",
        "DAEMON_HEARTBEAT": "true",
        "DATABASE_URL": database,
    }


@contextlib.contextmanager
def cluster(folder: Path, more: dict[str, str]) -> Iterator[Process]:
    """A cluster, ready."""
    with role(folder, "migrate", **more) as migrate:
        assert migrate.wait(90) == 0, migrate.output
    with role(folder, "daemon", "watched_qcluster", **more) as process:
        listens(process)
        wait_until(
            lambda: probe(process, "/readyz") == (200, "ok"), 40, f"readiness: {process.output[-2000:]}"
        )
        yield process


def send(folder: Path, more: dict[str, str], *names: str) -> None:
    env = role_environment(folder, **more)
    done = run(["python", str(folder / "send.py"), str(folder), *names], env, folder)
    assert done.returncode == 0, done.stderr


def guard(folder: Path) -> int:
    """The process id of the guard, which is the one that writes heartbeats."""
    (path,) = (folder / "state" / "daemon").glob("*.heartbeat")
    return int(path.stem)


@pytest.fixture(params=["orm", "redis"])
def broker(request: pytest.FixtureRequest, redis_server: servers.Redis) -> Iterator[str]:
    if request.param == "orm":
        yield '"orm": "default"'
    else:
        yield f'"redis": "{redis_server.url(5)}"'
        redis_server.empty()


def test_a_task_and_its_stop(tmp_path: Path, broker: str, postgres_url: str) -> None:
    """SIGTERM: the task that runs finishes, and every line was JSON."""
    more = variables(tmp_path, broker, postgres_url)
    with cluster(tmp_path, more) as process:
        send(tmp_path, more, "first")
        wait_until((tmp_path / "first.begun").exists, 30, "the first task")
        process.signal(signal.SIGTERM)
        process.wait_for_output("stopping cluster processes", 20)
        stays(process.running, 1, "a cluster that waits for its task")
        (tmp_path / "go").touch()
        assert process.wait(60) == 0, process.output
        assert (tmp_path / "first.done").exists()
        assert {line["role"] for line in lines(process.output)} == {"daemon"}


def test_a_guard_that_hangs(tmp_path: Path, broker: str, postgres_url: str) -> None:
    """It is seen by its heartbeat, and one that does not hang is left alone."""
    more = variables(tmp_path, broker, postgres_url)
    with cluster(tmp_path, more) as process:
        assert guard(tmp_path) != process.pid
        freeze(guard(tmp_path), tmp_path / "state")
        assert probe(process, "/livez") == (503, "heartbeat is stale")


@pytest.mark.parametrize("broker", ["redis", "orm"])
def test_the_broker_goes_away(tmp_path: Path, broker: str, request: pytest.FixtureRequest) -> None:
    """The cluster lives, and works again when its Redis, or the database that is its broker, is back."""
    with contextlib.ExitStack() as stack:
        server: servers.Redis | servers.Postgres
        if broker == "redis":
            server = stack.enter_context(servers.redis())
            named, database = f'"redis": "{server.url()}"', request.getfixturevalue("postgres_url")
        else:
            server = stack.enter_context(servers.postgres())
            named, database = '"orm": "default"', server.create("shop")
        more = variables(tmp_path, named, database)
        (tmp_path / "go").touch()
        with cluster(tmp_path, more) as process:
            send(tmp_path, more, "before")
            wait_until((tmp_path / "before.done").exists, 30, "a task")
            server.kill()
            process.wait_for_output("Failed to pull task from broker", 60)
            stays(lambda: probe(process, "/livez") == (200, "ok"), 5, "a cluster that lives")
            server.start()
            send(tmp_path, more, "after")
            wait_until((tmp_path / "after.done").exists, 60, "a task after that")
            assert probe(process, "/livez") == (200, "ok")
