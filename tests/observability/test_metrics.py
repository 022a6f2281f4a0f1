"""Counts are right across processes, their recycling and their crashes, and cost nothing when off."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import sys
from pathlib import Path

import pytest
from support.process import Process, answers, get, run, stays, wait_until
from support.roles import lines, role, role_environment, samples
from support.servers import Redis, redis
from support.web import children

BY_ROUTE = re.compile(r'django_http_requests_total\{method="(\w+)",route="(.*)",status="(\d+)"\}')


def metrics(process: Process) -> dict[str, float]:
    """What the role's probe port tells."""
    answer = get(process.probe_port, "/metrics")  # type: ignore[attr-defined]
    assert answer.status == 200, answer.text
    return samples(answer.text)


def ready(*processes: Process) -> None:
    for process in processes:
        wait_until(
            lambda process=process: answers(process.probe_port, "/readyz") or not process.running(),  # type: ignore[misc]
            60,
            "a role that is ready",
        )
        assert process.running(), process.output


def counted(found: dict[str, float]) -> float:
    return sum(value for name, value in found.items() if BY_ROUTE.fullmatch(name))


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_requests_across_recycled_and_killed_processes(tmp_path: Path, interface: str) -> None:
    """Two processes that are replaced every 40 requests and killed in between: the sum is what was answered."""
    answered = 0
    with role(
        tmp_path, "web", METRICS="true", WEB_CONCURRENCY="2", WEB_MAX_REQUESTS="40", WEB_INTERFACE=interface
    ) as web:
        ready(web)
        first = set(children(web.pid))
        for number in range(300):
            answered += get(web.port, f"/where?{number}").status == 200  # type: ignore[attr-defined]
            if number == 150:
                before = counted(metrics(web))
                assert before == answered
                os.kill(children(web.pid)[0], 9)
                wait_until(
                    lambda: len(children(web.pid)) == 2, 20, "a process in the place of the killed one"
                )
        for path in ("/nowhere/1", "/nowhere/2", "/livez", "/readyz"):
            get(web.port, path)  # type: ignore[attr-defined]
        found = metrics(web)
        files = [path.name for path in (tmp_path / "state" / "web" / "metrics").glob("counter_*.db")]
        living = {os.getpid(), web.pid, *children(web.pid)}

    assert answered == 300
    assert found['django_http_requests_total{method="GET",route="/where",status="200"}'] == 300
    assert found['django_http_requests_total{method="GET",route="(none)",status="404"}'] == 2
    assert found['django_http_request_seconds_count{method="GET",route="/where"}'] == 300
    assert found["django_http_requests_in_flight"] == 0
    assert counted(found) == 302  # and no probe
    assert not first & living
    assert len(files) <= 4, f"files of processes that have ended are added up: {files}"


def test_saturation_and_identity(tmp_path: Path) -> None:
    """Threads that are taken, connections of the pool, results of checks, what runs."""
    with role(tmp_path, "web", METRICS="true", WEB_THREADS="3", WEB_CONCURRENCY="1") as web:
        ready(web)
        get(web.port, "/readyz")  # type: ignore[attr-defined]
        with contextlib.ExitStack() as stack:
            for _ in range(2):
                sock = stack.enter_context(socket.create_connection(("127.0.0.1", web.port)))  # type: ignore[attr-defined]
                sock.sendall(b"GET /hold HTTP/1.1\r\nHost: example.com\r\n\r\n")
            wait_until(
                lambda: metrics(web).get("django_web_threads_busy") == 2, 10, "two threads that are taken"
            )
            found = metrics(web)

    assert found["django_web_threads"] == 3
    assert found["django_http_requests_in_flight"] == 2
    assert found['django_health_check{check="database"}'] == 1
    assert found['django_info{environment="tests",release="r1",role="web"}'] == 1
    assert found["django_heartbeat_age_seconds"] < 10


def test_pool(tmp_path: Path, postgres_url: str) -> None:
    """psycopg's pool is seen where there is one."""
    with role(
        tmp_path,
        "web",
        METRICS="true",
        DATABASE_URL=postgres_url,
        DATABASE_POOL_SIZE="9",
        READINESS_CHECKS="database",
    ) as web:
        ready(web)
        get(web.port, "/")  # type: ignore[attr-defined]
        wait_until(lambda: metrics(web).get("django_database_pool_size", 0) >= 1, 5, "the pool")


def test_tasks(tmp_path: Path, redis_server: Redis) -> None:
    """Tasks by name and state, in the queue and running; lost ones; recycled processes."""
    broker = redis_server.url(10)
    variables = {"METRICS": "true", "CELERY_BROKER_URL": broker, "WORKER_MAX_TASKS_PER_CHILD": "5"}
    with role(tmp_path, "worker", "-c", "2", **variables) as worker:
        ready(worker)

        def send(code: str) -> None:
            code = f"import django; django.setup(); from project.celery import app\n{code}"
            done = run([sys.executable, "-c", code], env, tmp_path)
            assert done.returncode == 0, done.stderr

        def finished(works: int) -> bool:
            found = metrics(worker)
            return (
                found.get('django_tasks_total{state="SUCCESS",task="project.tasks.work"}') == works
                and found.get('django_tasks_total{state="FAILURE",task="project.tasks.fail"}') == 3
                and found.get('django_tasks_total{state="LOST",task="project.tasks.die"}', 0) >= 1
            )

        env = role_environment(tmp_path, CELERY_BROKER_URL=broker, LOG_FORMAT="text")
        send(
            "for number in range(20): app.send_task('project.tasks.work', (number, 0.0))\n"
            "for _ in range(3): app.send_task('project.tasks.fail', ('broken',))\n"
            "app.send_task('project.tasks.die')\n"
        )
        wait_until(lambda: finished(20), 30, "the tasks' counts")
        before = metrics(worker)
        send("app.send_task('project.tasks.work', (20, 0.0), countdown=5)")
        wait_until(lambda: finished(21), 30, "the task with a countdown")
        found = metrics(worker)

    assert found['django_task_seconds_count{task="project.tasks.work"}'] == 21
    assert found['django_task_queue_seconds_count{task="project.tasks.work"}'] == 21
    # A countdown is no time in the queue.
    queued = 'django_task_queue_seconds_sum{task="project.tasks.work"}'
    assert found[queued] - before[queued] < 4
    assert found["django_consuming"] == 1


def test_beat(tmp_path: Path) -> None:
    """What it published, and how late it is: a broker that is away makes it late.

    Due times that are skipped, because their message cannot be made, do not count as published.
    """
    with role(tmp_path, "migrate") as migrate:
        assert migrate.wait(60) == 0, migrate.output
    with (
        redis() as broker,
        role(
            tmp_path,
            "beat",
            METRICS="true",
            TEST_BEAT_SECONDS="1",
            TEST_BEAT_UNMADE="1",
            CELERY_BROKER_URL=broker.url(),
        ) as beat,
    ):
        ready(beat)
        wait_until(
            lambda: metrics(beat).get('django_beat_published_total{entry="every-1"}', 0) >= 2, 20, "beat"
        )
        wait_until(lambda: metrics(beat).get("django_beat_late_seconds", 99) < 1, 5, "a beat in time")
        assert "unmade cannot be published" in beat.output
        assert 'django_beat_published_total{entry="unmade"}' not in metrics(beat)
        broker.stop()
        wait_until(lambda: metrics(beat).get("django_beat_late_seconds", 0) > 12, 30, "a beat that is late")


def test_off(tmp_path: Path) -> None:
    """Nothing is imported, nothing is served, and the middleware is absent."""
    code = (
        "import sys; from project.wsgi import application as a; from django.test import Client; import project.celery\n"
        "from django.core.handlers.base import BaseHandler; assert Client().get('/where').status_code == 200\n"
        "chain, names = a._middleware_chain, []\n"
        "while chain is not None:\n"
        "    inner = getattr(chain, '__wrapped__', chain); names.append(type(inner).__name__)\n"
        "    chain = getattr(inner, 'get_response', None)\n"
        "assert 'HealthMiddleware' in names and 'RequestIdMiddleware' in names, names\n"
        "assert 'MetricsMiddleware' not in names, names\n"
        "assert not {'prometheus_client', 'newrelic', 'opentelemetry'} & set(sys.modules)\n"
    )
    done = run([sys.executable, "-c", code], role_environment(tmp_path), tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout

    with role(tmp_path, "web") as web:
        ready(web)
        assert get(web.probe_port, "/metrics").status == 404  # type: ignore[attr-defined]


def test_without_the_library(tmp_path: Path) -> None:
    """METRICS without the extra: a sentence that says what to install, and status 78."""
    (tmp_path / "site").mkdir()
    # Finds everything but the library.
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import importlib.util as u\nf = u.find_spec\nu.find_spec = lambda n, *a: None if n == 'prometheus_client' else f(n, *a)\n"
    )
    path = f"{tmp_path}/site:{role_environment(tmp_path)['PYTHONPATH']}"
    with role(tmp_path, "web", METRICS="true", PYTHONPATH=path) as web:
        assert web.wait(30) == 78
        assert "django-k8s-toolkit[metrics]" in lines(web.output)[0]["message"]


def test_the_last_counts_are_scraped(tmp_path: Path) -> None:
    """A role that ends waits for one more scrape, where it is asked to and somebody scrapes."""
    with role(tmp_path, "web", METRICS="true", METRICS_LINGER_SECONDS="20") as web:
        ready(web)
        metrics(web)
        get(web.port, "/where")  # type: ignore[attr-defined]
        web.signal(15)
        wait_until(lambda: not children(web.pid), 10, "the end of its processes")
        # It would be gone within this, were there nothing to wait for.
        stays(web.running, 3, "it waits for a scrape")
        last: list[dict[str, float]] = []

        def scraped() -> bool:
            with contextlib.suppress(OSError):
                last.append(metrics(web))
            return not web.running()

        wait_until(scraped, 10, "the end after a scrape", every=0.5, below=20)
        assert web.wait(1) == 0

    assert last[-1]['django_http_requests_total{method="GET",route="/where",status="200"}'] == 1


def test_nobody_scrapes(tmp_path: Path) -> None:
    """Then nothing waits: SIGTERM ends web as fast as ever."""
    with role(tmp_path, "web", METRICS="true", METRICS_LINGER_SECONDS="25") as web:
        ready(web)
        assert web.stop(10, below=25) == 0


def test_a_restarted_container_counts_anew(tmp_path: Path) -> None:
    """The state folder may outlive the container; its counts do not."""
    for _ in range(2):
        with role(tmp_path, "web", METRICS="true") as web:
            ready(web)
            get(web.port, "/where")  # type: ignore[attr-defined]
            assert metrics(web)['django_http_requests_total{method="GET",route="/where",status="200"}'] == 1
            web.stop()
