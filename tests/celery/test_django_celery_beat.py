"""django-celery-beat's scheduler, named as its documentation says: under the lock, and its admin works."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import sys
import time
from pathlib import Path

import pytest
from support.beat import HOLDS, PROJECT, Beats, beat_environment, inbox, last_heartbeat
from support.process import run, stays, wait_until
from support.servers import Redis, postgres

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
# As the admin does: the entry is saved, which tells beat of it.
CHANGE = """
import django; django.setup()
from django_celery_beat.models import PeriodicTask
entry = PeriodicTask.objects.get(name="own")
entry.{} = {}
entry.save()
"""
BEFORE = """
import datetime, django; django.setup()
from django_celery_beat.models import PeriodicTask
entry = PeriodicTask.objects.get(name="own")
entry.last_run_at -= datetime.timedelta(seconds={})
entry.save()
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


def python(env: dict[str, str], code: str) -> None:
    """Run code in the project."""
    done = run([sys.executable, "-c", code], env, PROJECT)
    assert done.returncode == 0, done.stderr


def stored(folder: Path) -> int:
    """How many runs of the entry the database knows of."""
    with contextlib.closing(sqlite3.connect(folder / "db.sqlite3")) as connection:
        query = "SELECT total_run_count FROM django_celery_beat_periodictask WHERE name = 'own'"
        return int(connection.execute(query).fetchone()[0])


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL])
def test_two_schedulers_publish_nothing_twice(
    tmp_path: Path, redis_server: Redis, end: signal.Signals
) -> None:
    """In a rollout, or when the holder is killed, the other beat knows what has run and publishes nothing twice."""
    broker = redis_server.url(6)
    env = project(tmp_path, broker)
    with Beats(tmp_path, env) as beats, inbox(broker) as box:
        python(env, ENTRY)
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


def test_changes_are_seen(tmp_path: Path, redis_server: Redis) -> None:
    """A new, changed or disabled entry takes effect within seconds, without a restart."""
    broker = redis_server.url(7)
    env = project(tmp_path, broker)
    with Beats(tmp_path, env) as beats, inbox(broker) as box:
        beat = beats.start()
        wait_until(lambda: HOLDS in beat.output, 40, "the lock")
        python(env, ENTRY)
        wait_until(lambda: box.of("own"), 20, "an entry that was made")
        python(env, CHANGE.format("args", """'["changed"]'"""))
        wait_until(lambda: box.of("changed"), 20, "an entry that was changed")
        python(env, CHANGE.format("enabled", "False"))
        seen = len(box.messages)
        wait_until(lambda: "DatabaseScheduler: Schedule changed." in beat.output, 20, "the change")
        # The run that was due in that moment may still come.
        stays(lambda: len(box.messages) <= seen + 1, INTERVAL * 2, "an entry that was switched off")
        python(env, CHANGE.format("enabled", "True"))
        wait_until(lambda: len(box.messages) > seen + 1, 20, "an entry that was switched on")


def test_missed_runs_are_made_up_for_by_one(tmp_path: Path, redis_server: Redis) -> None:
    """Whatever was missed while no beat ran is published once at the next start, at once."""
    broker = redis_server.url(8)
    env = project(tmp_path, broker)
    with Beats(tmp_path, env) as beats, inbox(broker) as box:
        python(env, ENTRY)
        old = beats.start()
        wait_until(lambda: box.of("own"), 40, "the first message")
        wait_until(lambda: stored(tmp_path) == len(box.of("own")), 40, "a run that is stored")
        assert old.stop(15) == 0
        python(env, BEFORE.format(INTERVAL * 10))  # as if nothing had run for ten intervals
        count = len(box.of("own"))
        new = beats.start()
        wait_until(lambda: HOLDS in new.output, 40, "the lock")
        wait_until(lambda: len(box.of("own")) > count, INTERVAL / 2, "the missed run")
        stays(lambda: len(box.of("own")) == count + 1, INTERVAL - 1.5, "one run for all that were missed")


def test_it_outlives_its_database(tmp_path: Path, redis_server: Redis) -> None:
    """Beat survives an outage of the database, and publishes after it."""
    broker = redis_server.url(9)
    with postgres() as server:
        env = project(tmp_path, broker) | {"DATABASE_URL": server.create("shop")}
        with Beats(tmp_path, env) as beats, inbox(broker) as box:
            python(env, ENTRY)
            beat = beats.start()
            wait_until(lambda: box.of("own"), 40, "the first message")
            server.stop()
            wait_until(
                lambda: "the lock is lost" in beat.output or "cannot be used" in beat.output, 30, "the outage"
            )
            before = last_heartbeat(tmp_path)
            wait_until(lambda: last_heartbeat(tmp_path) > before + 2, 20, "its heartbeat")
            server.start()
            up = time.time()
            wait_until(lambda: box.of("own")[-1].at > up, 40, "a message after it")
            assert beat.running()


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
