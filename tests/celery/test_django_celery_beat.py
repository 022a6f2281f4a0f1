"""django-celery-beat's scheduler, named as its documentation says: under the lock, and its admin works."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import sys
from pathlib import Path

import pytest
from support.beat import HOLDS, PROJECT, Beats, beat_environment, inbox
from support.process import run, wait_until
from support.servers import Redis

from django_k8s.probe import heartbeat

SETTINGS = """
from project.settings import *

INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin", "django_celery_beat"]
MIDDLEWARE = [*MIDDLEWARE, "django.contrib.messages.middleware.MessageMiddleware"]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "APP_DIRS": True,
    "OPTIONS": {"context_processors": [
        "django.template.context_processors.request",
        "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages",
    ]},
}]
ROOT_URLCONF = "own_urls"
"""
URLS = """
from django.contrib import admin
from django.urls import path
urlpatterns = [path("admin/", admin.site.urls)]
"""
NAMED = 'CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"\n'
INTERVAL = 4
ENTRY = f"""
import django; django.setup()
from django_celery_beat.models import IntervalSchedule, PeriodicTask
every = IntervalSchedule.objects.create(every={INTERVAL}, period="seconds")
PeriodicTask.objects.create(name="own", task="project.tasks.tick", args='["own"]', interval=every)
"""
ADMIN = """
import django; django.setup()
from django.contrib.auth.models import User
from django.test import Client
User.objects.create_superuser("root", password="x")
client = Client()
client.force_login(User.objects.get())
print(client.get("/admin/django_celery_beat/periodictask/", headers={"host": "localhost"}).status_code)
"""


def project(folder: Path, broker: str, named: str = NAMED, **more: str) -> dict[str, str]:
    """The environment of a project that uses django-celery-beat."""
    (folder / "own_settings.py").write_text(SETTINGS + named)
    (folder / "own_urls.py").write_text(URLS)
    env = beat_environment(folder, f"sqlite:///{folder}/db.sqlite3", broker, **more)
    return {
        **env,
        "PYTHONPATH": f"{PROJECT}:{folder}",
        "DJANGO_SETTINGS_MODULE": "own_settings",
        "CELERY_APP": "project",
    }


def stored(folder: Path) -> int:
    """How many runs of the entry the database knows of."""
    with contextlib.closing(sqlite3.connect(folder / "db.sqlite3")) as connection:
        query = "SELECT total_run_count FROM django_celery_beat_periodictask WHERE name = 'own'"
        return int(connection.execute(query).fetchone()[0])


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_two_schedulers_publish_nothing_twice(
    tmp_path: Path, redis_server: Redis, end: signal.Signals
) -> None:
    """In a rollout, and when the holder is killed: the other one knows what has run."""
    broker = redis_server.url(6)
    env = project(tmp_path, broker)
    with Beats(tmp_path, env) as beats, inbox(broker) as box:
        made = run([sys.executable, "-c", ENTRY], env, PROJECT)
        assert made.returncode == 0, made.stderr
        old = beats.start()
        wait_until(lambda: box.of("own"), 40, "the first message")
        new = beats.start()
        wait_until(lambda: list(heartbeat.read(tmp_path / "state-1" / "beat")), 40, "the standby")
        count = len(box.of("own"))
        wait_until(lambda: len(box.of("own")) >= count + 2, 40, "two messages beside a standby")
        assert HOLDS not in new.output
        # A kill between the two publishes again; a stop waits.
        wait_until(lambda: stored(tmp_path) == len(box.of("own")), 40, "a run that is stored")
        old.signal(end)
        assert old.wait(15) == (0 if end == signal.SIGTERM else -end), old.output
        count = len(box.of("own"))
        wait_until(lambda: len(box.of("own")) >= count + 2, 40, "messages of the new one")
        assert HOLDS in new.output
        assert box.pause(old, new) > INTERVAL - 1


@pytest.mark.parametrize(
    ("named", "variable"),
    [
        (NAMED, ""),
        ('CELERY_BEAT_SCHEDULER = "django"\n', ""),
        ("", "django_celery_beat.schedulers:DatabaseScheduler"),
        ("", ""),
    ],
    ids=["settings", "alias", "variable", "not used"],
)
def test_its_admin_answers(tmp_path: Path, named: str, variable: str) -> None:
    """It asks which class is named: the answer is that class, by the name that the project wrote."""
    more = {"BEAT_SCHEDULER": variable} if variable else {}
    env = project(tmp_path, "memory://", named, **more)
    with Beats(tmp_path, env):
        done = run([sys.executable, "-c", ADMIN], env, PROJECT)

    assert done.stdout == "200\n", done.stderr
