"""Other projects than the example as it is: one without Celery, one with django-celery-beat's scheduler."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import pytest
from support import docker, example
from support.cluster import PROVING, Images, Space, eventually, load, ready, space, staging

pytestmark = pytest.mark.cluster
INTERVAL = 3  # seconds
NUMBER = 77
SETTINGS = """
from proving.settings import *
from proving.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "django_celery_beat"]
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
"""
ENTRY = f"""
from django_celery_beat.models import IntervalSchedule, PeriodicTask
every = IntervalSchedule.objects.create(every={INTERVAL}, period="seconds")
PeriodicTask.objects.create(name="own", task="proving.tasks.work", args="[{NUMBER}, 0]", interval=every)
print("created")
"""


@contextmanager
def built(context: Path, library: Path, settings: str) -> Iterator[str]:
    """The tag of a project's image, in the cluster."""
    tag = f"django-k8s-variant-{uuid.uuid4().hex[:6]}:1"
    docker.build(context, library, "--build-arg", f"SETTINGS={settings}", "--build-arg", "RELEASE=1", tag=tag)
    load(tag, "postgres:17", "redis:8")
    try:
        yield tag
    finally:
        docker.docker("rmi", "-f", tag, check=False)


def components(made: Space) -> set[str]:
    return {pod["metadata"]["labels"]["app.kubernetes.io/component"] for pod in made.items("pods")}


def test_without_celery(images: Images) -> None:
    """Web and the shell are all that runs; a page, an upload and its thumbnail work."""
    variables = {"DJANGO_SETTINGS_MODULE": "config.settings", "WITH_CELERY": "false"}
    with space("plain") as made:
        made.release("shop", staging(images.first, celery=False, env=variables))

        assert made.is_ready("web")
        assert made.is_ready("scheduler")
        assert {name for name in components(made) if "worker" in name} == set()
        containers = made.pods("scheduler")[0]["spec"]["containers"]
        assert [container["name"] for container in containers] == ["shell"]
        reader = example.Reader(made.port())
        reader.get("/")
        reader.post("/notes", {"title": "No task", "text": ""}, image=("a.png", example.picture()))
        code = "from board.models import Note; print(bool(Note.objects.get(title='No task').thumbnail))"
        assert made.python(code) == "True"
        assert not any(made.restarts().values()), made.restarts()


def locked(context: Path, *more: str) -> None:
    """Lock the example's requirements again, with ``more``."""
    names = [
        line
        for line in (context / "requirements.in").read_text().splitlines()
        if line and not line.startswith(("#", "django-k8s-toolkit"))
    ]
    extras = "web,worker,postgres,redis,s3,metrics"
    (context / "more.in").write_text("\n".join([*names, *more, f"django-k8s-toolkit[{extras}]"]) + "\n")
    found = next((context.parent / "library").glob("*.whl"))
    command = [sys.executable, "-m", "uv", "pip", "compile", "-q", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-package", "django-k8s-toolkit"]
    command += ["--find-links", str(found.parent), "more.in", "-o", "requirements.txt"]
    (context / "requirements.txt").unlink()
    subprocess.run(command, cwd=context, check=True, timeout=300)


def test_django_celery_beat(tmp_path: Path) -> None:
    """Its scheduler runs under the lock: two of them in a rollout publish nothing twice, and miss nothing."""
    ready()
    library = docker.wheel(tmp_path / "library")
    context = example.copy(tmp_path / "project")
    shutil.copytree(PROVING, context / "proving", ignore=shutil.ignore_patterns("__pycache__"))
    (context / "proving" / "periodic.py").write_text(SETTINGS)
    locked(context, "django-celery-beat")  # takes the newest Django that it supports
    with built(context, library, "proving.periodic") as image, space("periodic") as made:
        made.release("shop", staging(image))
        for component in ("web", "worker-default", "scheduler"):
            assert made.is_ready(component)
        assert made.python(ENTRY) == "created"

        def moments() -> list[float]:
            code = (
                "import json; from proving.models import Effect; print(json.dumps([effect.at.timestamp()"
                f" for effect in Effect.objects.filter(number={NUMBER}).order_by('at')]))"
            )
            found: list[float] = json.loads(made.python(code))
            return found

        eventually(lambda: len(moments()) >= 3, 60, "the entry's first runs")
        for _ in range(2):
            before = len(moments())
            made.kubectl("rollout", "restart", "deployment/shop-scheduler")
            made.kubectl("rollout", "status", "deployment/shop-scheduler", "--timeout=120s")
            eventually(lambda before=before: len(moments()) >= before + 4, 60, "runs after the rollout")  # type: ignore[misc]
        gaps = [after - before for before, after in pairwise(moments())]
        print(f"runs every {INTERVAL} s: shortest gap {min(gaps):.1f} s, longest {max(gaps):.1f} s")
        assert min(gaps) > INTERVAL / 2, gaps
        assert not any(made.restarts().values()), made.restarts()
