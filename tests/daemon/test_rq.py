"""RQ's workers as daemons, with the code of docs/how-to/rq.md."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import redis
from rq import Queue, Worker
from support import servers
from support.daemons import freeze, listens, probe
from support.process import Process, stays, wait_until
from support.queues import JOBS, code, module
from support.roles import lines, role
from support.web import PROJECT

SETTINGS = """
from project.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "django_rq"]
RQ_QUEUES = {"default": {"URL": env.url("REDIS_URL")}}
"""


@contextlib.contextmanager
def worker(folder: Path, url: str, *args: str) -> Iterator[Process]:
    """A worker of the queue ``default``, ready."""
    module(folder, "rq_settings.py", SETTINGS)
    module(folder, "jobs.py", JOBS)
    module(folder, "watched.py", code("rq.md"))
    arguments = ("rqworker", "default", "--worker-ttl=60", "--worker-class=watched.WatchedWorker", *args)
    variables = {
        "DJANGO_SETTINGS_MODULE": "rq_settings",
        "PYTHONPATH": f"{folder}:{PROJECT}",
        "REDIS_URL": url,
        "DAEMON_HEARTBEAT": "true",
    }
    with role(folder, "daemon", *arguments, **variables) as process:
        listens(process)
        wait_until(
            lambda: probe(process, "/readyz") == (200, "ok"), 30, f"readiness: {process.output[-2000:]}"
        )
        yield process


def send(url: str, folder: Path, *names: str) -> None:
    with redis.Redis.from_url(url) as connection:
        for name in names:
            Queue(connection=connection).enqueue("jobs.work", str(folder), name)


def idle(process: Process) -> bool:
    """Whether no process runs a job."""
    return not Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()


def rests(url: str) -> bool:
    """Whether the worker waits for a job, as it says itself."""
    with redis.Redis.from_url(url) as connection:
        return [worker.get_state() for worker in Worker.all(connection=connection)] == ["idle"]


def waiting(url: str) -> int:
    with redis.Redis.from_url(url) as connection:
        return len(Queue(connection=connection))


def test_a_job_and_its_stop(tmp_path: Path, redis_server: servers.Redis) -> None:
    """SIGTERM: the job that runs finishes, the next one stays in its queue, and every line was JSON."""
    url = redis_server.url(3)
    with worker(tmp_path, url) as process:
        send(url, tmp_path, "first", "second")
        wait_until((tmp_path / "first.begun").exists, 30, "the first job")
        # The process of the job has no heartbeat: it may take as long as it likes.
        assert [path.stem for path in (tmp_path / "state" / "daemon").glob("*.heartbeat")] == [
            str(process.pid)
        ]
        process.signal(signal.SIGTERM)
        process.wait_for_output("warm shut down requested", 20)
        stays(process.running, 1, "a worker that waits for its job")
        (tmp_path / "go").touch()
        assert process.wait(30) == 0, process.output
        assert (tmp_path / "first.done").exists()
        assert not (tmp_path / "second.begun").exists()
        assert waiting(url) == 1
        assert {line["role"] for line in lines(process.output)} == {"daemon"}
    redis_server.empty()


def test_a_worker_that_hangs(tmp_path: Path, redis_server: servers.Redis) -> None:
    """It is seen by its heartbeat, and one that does not hang is left alone."""
    with worker(tmp_path, redis_server.url(4)) as process:
        assert probe(process, "/livez") == (200, "ok")
        freeze(process.pid, tmp_path / "state")
        assert probe(process, "/livez") == (503, "heartbeat is stale")


def test_redis_goes_away(tmp_path: Path) -> None:
    """A worker without a job lives, and works again when Redis is back."""
    with servers.redis() as server, worker(tmp_path, server.url()) as process:
        (tmp_path / "go").touch()
        send(server.url(), tmp_path, "before")
        wait_until((tmp_path / "before.done").exists, 30, "a job")
        wait_until(lambda: rests(server.url()), 30, "a worker that has noted the end of the job")
        server.kill()
        process.wait_for_output("could not connect to Redis instance", 60)
        stays(lambda: probe(process, "/livez") == (200, "ok"), 3, "a worker that lives")
        server.start()
        send(server.url(), tmp_path, "after")
        wait_until((tmp_path / "after.done").exists, 90, "a job after that")
        assert probe(process, "/livez") == (200, "ok")


def test_redis_goes_away_during_a_job(tmp_path: Path) -> None:
    """The job runs to its end, but its result cannot be stored. Then the worker ends, for Kubernetes to start it again."""
    with servers.redis() as server, worker(tmp_path, server.url()) as process:
        send(server.url(), tmp_path, "first")
        wait_until((tmp_path / "first.begun").exists, 30, "the job")
        server.kill()
        stays(lambda: probe(process, "/livez") == (200, "ok"), 3, "a worker that waits for its job")
        (tmp_path / "go").touch()
        assert process.wait(60) == 1, process.output
        assert (tmp_path / "first.done").exists()
