"""A disk that is full, read-only or emptied costs no request, no task and no restart; what was counted comes back."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.disks import Disk, disk
from support.process import Process, answers, get, run, stays, wait_until
from support.roles import role, role_environment, samples
from support.servers import Redis
from support.web import children

STALENESS = 6
COUNTED = "django_http_requests_total"
DISK = "Metrics cannot be written"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    """A disk for nothing but STATE_DIR."""
    with disk(tmp_path / "state") as mounted:
        yield mounted


def metrics(process: Process) -> dict[str, float]:
    answer = get(process.probe_port, "/metrics")  # type: ignore[attr-defined]
    assert answer.status == 200, answer.text
    return samples(answer.text)


def ready(process: Process) -> None:
    wait_until(
        lambda: answers(process.probe_port, "/readyz") or not process.running(),  # type: ignore[attr-defined]
        60,
        "a role that is ready",
    )
    assert process.running(), process.output


def alive(process: Process) -> bool:
    return answers(process.probe_port, "/livez")  # type: ignore[attr-defined]


def requests(web: Process, statuses: dict[str, int], times: int = 1) -> None:
    """Ask for pages, each of which has to be answered as ever."""
    for _ in range(times):
        for path, status in statuses.items():
            assert get(web.port, path).status == status, path  # type: ignore[attr-defined]


def web_variables(interface: str) -> dict[str, str]:
    return {
        "METRICS": "true",
        "WEB_CONCURRENCY": "2",
        "WEB_INTERFACE": interface,
        "HEARTBEAT_STALENESS_SECONDS": str(STALENESS),
    }


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_web_on_a_full_disk(tmp_path: Path, small: Disk, interface: str) -> None:
    """Known and new routes are answered, by new processes too; nothing restarts, and the counts come back."""
    with role(tmp_path, "web", **web_variables(interface)) as web:
        ready(web)
        requests(web, {"/where": 200}, 20)
        before = children(web.pid)
        small.fill()
        requests(web, {"/where": 200, "/nowhere": 404, "/sweep": 204}, 20)
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: len(set(children(web.pid)) - set(before)) == 1, 20, "a new process")
        stays(lambda: alive(web), STALENESS * 2, "a web role that lives")
        requests(web, {"/where": 200, "/nowhere": 404, "/slow?seconds=0": 200}, 20)
        assert before[1] in children(web.pid)
        assert get(web.probe_port, "/metrics").status == 200  # type: ignore[attr-defined]
        assert "SIGBUS" not in web.output
        assert 1 <= web.output.count(DISK) <= 6, web.output

        small.empty()

        def counted() -> bool:
            requests(web, {"/where": 200}, 4)
            found = metrics(web)
            return found.get(f'{COUNTED}{{method="GET",route="/slow",status="200"}}', 0) == 20

        # The process that was killed took along what only its memory held.
        wait_until(counted, 20, "the counts of the meantime")
        assert metrics(web)[f'{COUNTED}{{method="GET",route="/where",status="200"}}'] >= 40


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_web_without_its_directory(tmp_path: Path, interface: str) -> None:
    """Somebody removes STATE_DIR: requests are answered, and heartbeats and counts come back."""
    with role(tmp_path, "web", **web_variables(interface)) as web:
        ready(web)
        requests(web, {"/where": 200}, 20)
        shutil.rmtree(tmp_path / "state")
        requests(web, {"/where": 200, "/nowhere": 404, "/sweep": 204}, 5)
        os.kill(children(web.pid)[0], signal.SIGKILL)
        wait_until(lambda: len(children(web.pid)) == 2, 20, "a new process")
        answered = 0

        def counted() -> bool:
            nonlocal answered
            requests(web, {"/slow?seconds=0": 200})
            answered += 1
            return metrics(web).get(f'{COUNTED}{{method="GET",route="/slow",status="200"}}') == answered

        wait_until(counted, 20, "the counts")
        stays(lambda: alive(web), STALENESS + 2, "a web role that lives")
        assert "Traceback" not in web.output


def test_web_on_a_read_only_disk(tmp_path: Path, small: Disk) -> None:
    """Requests are answered, nothing restarts, and a process that starts in the meantime serves too."""
    with role(tmp_path, "web", **web_variables("wsgi")) as web:
        ready(web)
        requests(web, {"/where": 200}, 20)
        with small.read_only():
            os.kill(children(web.pid)[0], signal.SIGKILL)
            wait_until(lambda: len(children(web.pid)) == 2, 20, "a new process")
            requests(web, {"/where": 200, "/nowhere": 404}, 10)
            stays(lambda: alive(web), STALENESS * 2, "a web role that lives")
            assert metrics(web)[f'{COUNTED}{{method="GET",route="/where",status="200"}}'] >= 20
            assert "The heartbeat cannot be written" in web.output
        before = children(web.pid)
        wait_until(lambda: metrics(web)["django_heartbeat_age_seconds"] < STALENESS, 10, "heartbeats")
        stays(lambda: alive(web), STALENESS + 2, "a web role that lives")
        requests(web, {"/where": 200}, 10)
        assert children(web.pid) == before
        assert "Traceback" not in web.output


def test_web_that_starts_on_a_full_disk(tmp_path: Path, small: Disk) -> None:
    """It starts, serves and lives; once there is room, it counts."""
    small.fill()
    with role(tmp_path, "web", **web_variables("wsgi")) as web:
        wait_until(lambda: answers(web.port, "/where"), 60, "gunicorn")  # type: ignore[attr-defined]
        stays(lambda: alive(web), STALENESS * 2, "a web role that lives")
        requests(web, {"/where": 200}, 10)
        small.empty()
        ready(web)

        def counted() -> bool:
            requests(web, {"/where": 200}, 4)
            return metrics(web).get(f'{COUNTED}{{method="GET",route="/where",status="200"}}', 0) >= 10

        wait_until(counted, 20, "the counts")


def send(folder: Path, broker: str, numbers: range) -> None:
    code = (
        "import django; django.setup(); from project.celery import app\n"
        f"for number in range({numbers.start}, {numbers.stop}): app.send_task('project.tasks.work', (number, 0.0))\n"
    )
    done = run(
        [sys.executable, "-c", code],
        role_environment(folder, CELERY_BROKER_URL=broker, LOG_FORMAT="text"),
        folder,
    )
    assert done.returncode == 0, done.stderr


def test_worker(tmp_path: Path, small: Disk, redis_server: Redis) -> None:
    """Tasks end well, also in processes that start on the full disk, and none is lost from the counts of the living."""
    broker = redis_server.url(11)
    variables = {
        "METRICS": "true",
        "CELERY_BROKER_URL": broker,
        "WORKER_MAX_TASKS_PER_CHILD": "5",
        "HEARTBEAT_STALENESS_SECONDS": str(STALENESS * 2),  # it beats every 5 seconds
    }

    def done() -> int:
        return sum(len(path.read_text().splitlines()) for path in (tmp_path / "traces").glob("done-*"))

    with role(tmp_path, "worker", "-c", "2", **variables) as worker:
        ready(worker)
        send(tmp_path, broker, range(12))
        wait_until(lambda: done() == 12, 30, "the first tasks")
        small.fill()
        send(tmp_path, broker, range(12, 40))
        wait_until(lambda: done() == 40, 40, "the tasks on a full disk")
        stays(lambda: alive(worker), STALENESS * 3, "a worker that lives")
        assert get(worker.probe_port, "/metrics").status == 200  # type: ignore[attr-defined]
        shutil.rmtree(small.path / "worker", ignore_errors=True)  # the worker may write into it meanwhile
        small.empty()
        send(tmp_path, broker, range(40, 60))
        wait_until(lambda: done() == 60, 40, "the tasks after that")
        ready(worker)
        wait_until(
            lambda: (
                metrics(worker).get('django_tasks_total{state="SUCCESS",task="project.tasks.work"}', 0) >= 8
            ),
            20,
            "the counts",
        )
        assert "SIGBUS" not in worker.output
        assert "WorkerLostError" not in worker.output
        assert "Traceback" not in worker.output


def test_beat(tmp_path: Path, small: Disk, redis_server: Redis) -> None:
    """Beat goes on publishing and lives, on a full disk and on one that is read-only; then it counts on."""
    with role(tmp_path, "migrate") as migrate:
        assert migrate.wait(60) == 0, migrate.output
    variables = {
        "METRICS": "true",
        "TEST_BEAT_SECONDS": "1",
        "CELERY_BROKER_URL": redis_server.url(12),
        "HEARTBEAT_STALENESS_SECONDS": str(STALENESS),
    }
    published = 'django_beat_published_total{entry="every-1"}'
    with role(tmp_path, "beat", **variables) as beat:
        ready(beat)
        wait_until(lambda: metrics(beat).get(published, 0) >= 2, 20, "beat")
        small.fill()
        stays(lambda: alive(beat), STALENESS * 2, "a beat that lives")
        assert metrics(beat)[published] >= STALENESS
        with small.read_only():
            stays(lambda: alive(beat), STALENESS * 2, "a beat that lives")
        small.empty()
        wait_until(lambda: metrics(beat).get(published, 0) >= STALENESS * 4, 20, "its counts")
        shutil.rmtree(small.path / "beat", ignore_errors=True)  # beat may write into it meanwhile
        wait_until(lambda: metrics(beat).get(published, 0) >= STALENESS * 4, 20, "its counts")
        stays(lambda: alive(beat), STALENESS + 2, "a beat that lives")
        assert "Traceback" not in beat.output
