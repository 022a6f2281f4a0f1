"""What every role logs is one JSON object a line, and one id leads from the edge to the task."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from support.ports import free_port
from support.process import Process, answers, get, run, wait_until
from support.roles import ENTRYPOINT, SECRET, lines, role, role_environment
from support.terminal import terminal

REQUESTS = 40


def ready(process: Process) -> None:
    """Once its probe says so."""
    wait_until(lambda: answers(process.probe_port, "/readyz") or not process.running(), 60, process.output)  # type: ignore[attr-defined]
    assert process.running(), process.output


def named(found: list[dict[str, Any]], **fields: Any) -> list[dict[str, Any]]:
    return [line for line in found if fields.items() <= line.items()]


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_web_with_errors(tmp_path: Path, interface: str) -> None:
    """Four processes, long tracebacks, prints, warnings, a dying thread: whole lines, each with its id."""
    variables = {"WEB_INTERFACE": interface, "WEB_CONCURRENCY": "4", "WEB_ACCESS_LOG": "true"}
    with role(tmp_path, "web", LOG_STDOUT="json", **variables) as web:
        ready(web)

        def ask(client: int) -> None:
            for number in range(REQUESTS // 4):
                get(web.port, "/fail?token=query-secret", headers={"X-Request-ID": f"c{client}.{number}"})  # type: ignore[attr-defined]

        clients = [threading.Thread(target=ask, args=(client,)) for client in range(4)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        answer = get(web.port, "/say")  # type: ignore[attr-defined]
        assert web.stop() == 0
        found = lines(web.output)

    failed = named(found, logger="django.request", level="ERROR")
    assert len(failed) == REQUESTS
    ids = {f"c{client}.{number}" for client in range(4) for number in range(REQUESTS // 4)}
    assert {line["request_id"] for line in failed} == ids
    assert {line["request_id"] for line in named(found, logger="gunicorn.access", status=500)} == ids
    assert all(line["exception"]["type"] == "RuntimeError" for line in failed)
    assert all(
        line["role"] == "web" and line["release"] == "r1" and line["environment"] == "tests" for line in found
    )
    said = answer.headers["x-request-id"]
    assert [line["message"] for line in named(found, logger="stdout")] == ["printed in", "two lines"]
    sold = named(found, logger="shop", message='sold a "thing"', request_id=said)[0]
    assert (sold["price"], sold["tags"]) == (3, ["new"])
    assert any("warned" in line["message"] for line in named(found, logger="py.warnings"))
    assert named(found, level="CRITICAL")[0]["exception"]["type"] == "ZeroDivisionError"
    assert SECRET not in web.output
    assert "hunter22" not in web.output
    assert "query-secret" not in web.output


def test_print_stays_as_it_is(tmp_path: Path) -> None:
    """Without LOG_STDOUT only what is printed is text: warnings, uncaught errors and records are JSON."""
    with role(tmp_path, "web") as web:
        ready(web)
        get(web.port, "/say")  # type: ignore[attr-defined]
        assert web.stop() == 0

    found = lines(web.output, "printed in", "two lines")
    assert "\nprinted in\ntwo lines\n" in web.output
    assert any("warned" in line["message"] for line in named(found, logger="py.warnings"))
    assert named(found, level="CRITICAL")[0]["exception"]["type"] == "ZeroDivisionError"


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_head_is_not_a_warning(tmp_path: Path, interface: str) -> None:
    """Monitors send HEAD: it gets the headers of GET, and no line in the log."""
    with role(tmp_path, "web", WEB_INTERFACE=interface, STATIC_ROOT=str(tmp_path)) as web:
        ready(web)
        for path in ("/where", "/stream?pieces=2&pause=0"):
            whole = get(web.port, path)  # type: ignore[attr-defined]
            head = get(web.port, path, method="HEAD")  # type: ignore[attr-defined]
            assert (head.status, head.body) == (200, b"")
            assert head.headers["content-type"] == whole.headers["content-type"]
            assert head.headers.get("content-length") == whole.headers.get("content-length")
        assert web.stop() == 0

    assert named(lines(web.output), level="WARNING") == []


def test_probes_are_not_logged(tmp_path: Path) -> None:
    """They would bury the requests of people."""
    with role(tmp_path, "web", WEB_ACCESS_LOG="true") as web:
        ready(web)
        for path in ("/livez", "/readyz", "/healthz", "/where"):
            get(web.port, path)  # type: ignore[attr-defined]
        web.stop()
        paths = [line["path"] for line in named(lines(web.output), logger="gunicorn.access")]

    assert paths == ["/where"]


def test_worker(tmp_path: Path) -> None:
    """A task that prints, logs and fails, one that kills its process, a stop."""
    with role(tmp_path, "worker", "-c", "1", LOG_STDOUT="json") as worker:
        ready(worker)
        publish(tmp_path, "project.tasks.fail", "broken")
        wait_until(lambda: "raised unexpected" in worker.output, 20, "the task's end")
        publish(tmp_path, "project.tasks.die")
        wait_until(lambda: "WorkerLostError" in worker.output, 20, "the loss of a process")
        assert worker.stop() == 0
        found = lines(worker.output)

    failed = next(line for line in found if line["level"] == "ERROR" and "exception" in line)
    assert failed["exception"]["message"] == "broken"
    assert failed["task"] == "project.tasks.fail"
    logged = named(found, logger="shop", message="a task logs")[0]
    assert logged["task_id"] == failed["task_id"]
    assert [line["task_id"] for line in named(found, logger="stdout", message="a task prints")] == [
        failed["task_id"]
    ]


def publish(folder: Path, name: str, *args: object) -> None:
    """Give a task to the broker in the folder from a process of its own."""
    code = f"from project.celery import app; app.send_task({name!r}, {args!r})"
    done = run(["python", "-c", code], role_environment(folder, LOG_FORMAT="text"), folder)
    assert done.returncode == 0, done.stderr


def test_beat_migrate_and_wait(tmp_path: Path) -> None:
    """Progress, plans and publications."""
    for name in ("migrate", "wait"):
        with role(tmp_path, name) as process:
            assert process.wait(60) == 0, process.output
            assert lines(process.output)
    with role(tmp_path, "beat", TEST_BEAT_SECONDS="1") as beat:
        wait_until(lambda: "published every-1" in beat.output, 30, "beat")
        beat.stop()
        assert named(lines(beat.output), role="beat", logger="django_k8s.beat")


@pytest.mark.parametrize("name", ["web", "worker", "beat", "migrate"])
def test_what_is_wrong_before_settings(tmp_path: Path, name: str) -> None:
    """A malformed variable and a missing secret are lines too, and the status is 78."""
    with role(tmp_path, name, SECRET_KEY="", WEB_THREADS="many") as process:
        assert process.wait(30) == 78
        found = lines(process.output)

    assert any("SECRET_KEY" in line["message"] for line in found)
    assert any("WEB_THREADS" in line["message"] for line in found)


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_settings_that_raise(tmp_path: Path, name: str) -> None:
    """An error in the project's own code is one line with its traceback, and shows no secret."""
    (tmp_path / "broken.py").write_text(
        "import os\nraise RuntimeError('broken ' + os.environ['SECRET_KEY'])\n"
    )
    variables = {
        "DJANGO_SETTINGS_MODULE": "broken",
        "PYTHONPATH": f"{tmp_path}:{role_environment(tmp_path)['PYTHONPATH']}",
    }
    with role(tmp_path, name, CELERY_APP="project", WEB_APPLICATION="project.wsgi", **variables) as process:
        assert process.wait(30) != 0
        found = lines(process.output)

    assert any("broken ***" in str(line) for line in found)
    assert SECRET not in process.output


def test_the_listener(tmp_path: Path) -> None:
    """What it has to say is a line as well."""
    port = str(free_port())
    env = role_environment(tmp_path, PROBE_PORT="70000")
    done = run(
        ["python", "-m", "django_k8s.probe", "--role", "web", "--pid", str(os.getpid()), "--port", port],
        env,
        tmp_path,
    )

    assert done.returncode == 78
    assert "PROBE_PORT" in lines(done.stdout)[0]["message"]


def test_people_get_what_they_ask_for(tmp_path: Path) -> None:
    """The role manage writes data as it is, and everything as it is to a terminal."""
    env = role_environment(tmp_path)
    code = "import warnings; print('plain'); warnings.warn('on screen')"
    command = ["/bin/sh", ENTRYPOINT, "manage", "shell", "-v0", "-c"]
    done = run([*command, "print('plain')"], env, tmp_path)
    assert done.stdout == "plain\n", done.stderr

    with terminal(["env", *(f"{name}={value}" for name, value in env.items()), *command, code]) as screen:
        wait_until(lambda: "UserWarning: on screen" in screen.text, 30, "the warning")
        assert '"level"' not in screen.text


DAEMON = """
import logging, sys, warnings
logging.getLogger("shop").info("logged")
warnings.warn("warned", stacklevel=1)
print("printed")
print("complained", file=sys.stderr)
raise RuntimeError("failed with {secret}")
"""


@pytest.mark.parametrize(("stdout", "printed"), [("text", ["printed"]), ("json", [])])
def test_daemons_and_cron_jobs(tmp_path: Path, stdout: str, printed: list[str]) -> None:
    """A management command without a terminal logs as the other roles do: records, warnings, errors, secrets masked."""
    done = run(
        ["/bin/sh", ENTRYPOINT, "manage", "shell", "-v0", "-c", DAEMON.format(secret=SECRET)],
        role_environment(tmp_path, LOG_STDOUT=stdout),
        tmp_path,
    )
    output = done.stdout + done.stderr
    found = lines(output, *printed)

    assert done.returncode == 1
    assert all(line["role"] == "manage" and line["release"] == "r1" for line in found)
    assert named(found, logger="shop", message="logged")
    assert any("warned" in line["message"] for line in named(found, logger="py.warnings"))
    assert named(found, logger="stderr", message="complained")
    assert bool(named(found, logger="stdout", message="printed")) == (not printed)
    assert named(found, level="CRITICAL")[0]["exception"]["message"] == "failed with ***"
    assert SECRET not in output


def test_one_id_from_edge_to_task(tmp_path: Path) -> None:
    """The id of a request is in the access log, Django's log, the task's log and the answer."""
    with role(tmp_path, "web", WEB_ACCESS_LOG="true") as web, role(tmp_path, "worker", "-c", "1") as worker:
        ready(web)
        ready(worker)
        answer = get(web.port, "/send/7", headers={"X-Request-ID": "edge-1"})  # type: ignore[attr-defined]
        wait_until(lambda: "succeeded" in worker.output, 20, "the task")
        get(web.port, "/where")  # type: ignore[attr-defined]
        web.stop()
        worker.stop()
        at_web, at_worker = lines(web.output), lines(worker.output)

    assert answer.headers["x-request-id"] == "edge-1"
    assert named(at_web, logger="gunicorn.access", path="/send/7", request_id="edge-1")
    assert named(at_web, logger="shop", request_id="edge-1")
    done = [line for line in named(at_worker, request_id="edge-1") if "succeeded" in line["message"]]
    assert done[0]["task"] == "project.tasks.work"
    assert not named(at_web, path="/where", request_id="edge-1")


def test_text_for_people(tmp_path: Path) -> None:
    """Without LOG_FORMAT lines are text, with the id at their end."""
    with role(tmp_path, "web", LOG_FORMAT="text") as web:
        wait_until(lambda: answers(web.port, "/livez"), 30, "web")  # type: ignore[attr-defined]
        get(web.port, "/say", headers={"X-Request-ID": "edge-1"})  # type: ignore[attr-defined]
        web.stop()

    assert 'INFO shop sold a "thing" [request_id=edge-1]' in web.output
    assert SECRET not in web.output
