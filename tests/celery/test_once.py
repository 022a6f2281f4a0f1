"""A task whose effect happens once, run by Celery itself in this process."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
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


PURGE = """
import django; django.setup()
from datetime import timedelta
from celery import shared_task
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_k8s.celery import once as module
from django_k8s.models import CompletedTask
from project.celery import app

module._SHARE, module._REMOVED = 1, 2

@shared_task(name="work")
@module.once
def work(): return "done"

def age(days, *ids):
    for task_id in ids:
        CompletedTask.objects.create(task_id=task_id)
        CompletedTask.objects.filter(pk=task_id).update(at=timezone.now() - timedelta(days=days))

def left(): return sorted(CompletedTask.objects.values_list("pk", flat=True))

age(40, "a", "b", "c"), age(20, "recent")
print(work.apply((), task_id="1").result, left())
with transaction.atomic(): work.apply((), task_id="2")
print(left())
work.apply((), task_id="3")
print(left())
"""


def prepared(tmp_path: Path, **variables: str) -> dict[str, str]:
    """The environment of the test project with its tables."""
    env = environment(
        DEBUG="true", PYTHONPATH=str(ROOT / "project"), DJANGO_SETTINGS_MODULE="project.settings",
        DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3", **variables,
    )  # fmt: skip
    migrated = run([sys.executable, "-m", "django", "migrate", "-v0"], env, tmp_path, 60)
    assert migrated.returncode == 0, migrated.stderr
    return env


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        ("", ["done ['1', 'c', 'recent']", "['1', '2', 'c', 'recent']", "['1', '2', '3', 'recent']"]),
        (
            "0",
            [
                "done ['1', 'a', 'b', 'c', 'recent']",
                "['1', '2', 'a', 'b', 'c', 'recent']",
                "['1', '2', '3', 'a', 'b', 'c', 'recent']",
            ],
        ),
    ],
    ids=["30 days", "for ever"],
)
def test_old_ids_are_removed(tmp_path: Path, seconds: str, expected: list[str]) -> None:
    """The oldest first, some at a time, outside of transactions only; 0 keeps them."""
    env = prepared(tmp_path, LOG_LEVEL="WARNING", **({"ONCE_KEEP_SECONDS": seconds} if seconds else {}))
    done = run([sys.executable, "-c", PURGE], env, tmp_path, 60)

    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().splitlines()[-3:] == expected


def test_once(tmp_path: Path) -> None:
    """A second message is dropped; one that failed may run again, and its effect was undone; a plain call is no message."""
    env = prepared(tmp_path)
    done = run([sys.executable, "-c", CODE], env, tmp_path, 60)

    assert done.returncode == 0, done.stderr
    values, rows = done.stdout.strip().splitlines()[-2:]
    assert values == "['a', None, 'Wrong', 'b', None, 'plain']"
    assert rows == "['a', 'b', 'plain'] 2"
