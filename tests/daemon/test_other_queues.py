"""Huey's consumer and django-tasks' db_worker as daemons: a task, and the stop."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from support import servers
from support.daemons import listens, probe
from support.process import run, stays, wait_until
from support.queues import JOBS, module
from support.roles import lines, role, role_environment
from support.web import PROJECT

HUEY = """
from project.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "huey.contrib.djhuey", "shop"]
HUEY = {"huey_class": "huey.RedisHuey", "url": env.url("REDIS_URL"), "immediate": False}
"""
TASKS = """
from project.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "django_tasks_db", "shop"]
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
"""
CASES = {
    "huey": (
        HUEY,
        "import jobs\nfrom huey.contrib.djhuey import task\nwork = task()(jobs.work)\n",
        "work(*sys.argv[1:])",
        ("run_huey", "--graceful-signal=TERM"),
        "Shutting down gracefully",
    ),
    "django-tasks": (
        TASKS,
        "import jobs\nfrom django.tasks import task\n@task\ndef work(folder, name):\n    jobs.work(folder, name)\n",
        "work.enqueue(*sys.argv[1:])",
        ("db_worker",),
        "shutting down gracefully",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_task_and_the_stop(
    tmp_path: Path, name: str, redis_server: servers.Redis, postgres_url: str
) -> None:
    """SIGTERM: the task that runs finishes, and every line was JSON."""
    settings, tasks, send, command, stopping = CASES[name]
    module(tmp_path, "own_settings.py", settings)
    module(tmp_path, "jobs.py", JOBS)
    module(tmp_path, "shop/__init__.py", "")
    module(tmp_path, "shop/tasks.py", tasks)
    module(tmp_path, "send.py", f"import sys, django\ndjango.setup()\nfrom shop.tasks import work\n{send}\n")
    more = {
        "DJANGO_SETTINGS_MODULE": "own_settings",
        "PYTHONPATH": f"{tmp_path}:{PROJECT}",
        "DATABASE_URL": postgres_url,
        "REDIS_URL": redis_server.url(6),
    }
    with role(tmp_path, "migrate", **more) as migrate:
        assert migrate.wait(90) == 0, migrate.output
    with role(tmp_path, "daemon", *command, **more) as process:
        listens(process)
        assert probe(process, "/readyz") == (200, "running, without heartbeats")
        done = run(
            ["python", str(tmp_path / "send.py"), str(tmp_path), "first"],
            role_environment(tmp_path, **more),
            tmp_path,
        )
        assert done.returncode == 0, done.stderr
        wait_until((tmp_path / "first.begun").exists, 30, f"the task: {process.output[-2000:]}")
        process.signal(signal.SIGTERM)
        process.wait_for_output(stopping, 20)
        stays(process.running, 1, "a worker that waits for its task")
        (tmp_path / "go").touch()
        assert process.wait(60) == 0, process.output
        assert (tmp_path / "first.done").exists()
        assert {line["role"] for line in lines(process.output)} == {"daemon"}
    redis_server.empty()
