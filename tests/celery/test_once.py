"""A task whose effect happens once, run by Celery itself in this process."""

from __future__ import annotations

import sys
from pathlib import Path

from support.process import environment, run

ROOT = Path(__file__).resolve().parent.parent
CODE = """
import django; django.setup()
from celery import shared_task
from django.contrib.auth.models import Group
from django_k8s.celery.once import once
from django_k8s.models import CompletedTask
from project.celery import app

class Wrong(Exception): pass

@shared_task(name="make")
@once
def make(name, fail=False):
    Group.objects.create(name=name)
    if fail: raise Wrong
    return name

def send(task_id, *args):
    result = make.apply(args, task_id=task_id)
    return "Wrong" if isinstance(result.result, Wrong) else result.result

print([send("1", "a"), send("1", "a"), send("2", "b", True), send("2", "b"), send("2", "c"), make("plain")])
print(sorted(Group.objects.values_list("name", flat=True)), CompletedTask.objects.count())
"""


def test_once(tmp_path: Path) -> None:
    """A second message is dropped; one that failed may run again, and its effect was undone; a plain call is no message."""
    env = environment(
        DEBUG="true", PYTHONPATH=str(ROOT / "project"), DJANGO_SETTINGS_MODULE="project.settings",
        DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3",
    )  # fmt: skip
    migrated = run([sys.executable, "-m", "django", "migrate", "-v0"], env, tmp_path, 60)
    assert migrated.returncode == 0, migrated.stderr
    done = run([sys.executable, "-c", CODE], env, tmp_path, 60)

    assert done.returncode == 0, done.stderr
    values, rows = done.stdout.strip().splitlines()[-2:]
    assert values == "['a', None, 'Wrong', 'b', None, 'plain']"
    assert rows == "['a', 'b', 'plain'] 2"
