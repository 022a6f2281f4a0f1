"""A project may change Celery's configuration at any time, not only while its application is made."""

from __future__ import annotations

import sys
from pathlib import Path

from support.process import run
from support.web import production

CODE = """
import django
django.setup()
from project.celery import app
before = app.conf.worker_prefetch_multiplier
app.conf.worker_prefetch_multiplier = 4
print(before, app.conf.worker_prefetch_multiplier)
"""


def test_a_change_after_the_set_up_wins(tmp_path: Path) -> None:
    """Such as one that a test of the project makes, or its AppConfig."""
    env = production(DATABASE_URL=f"sqlite:///{tmp_path}/db.sqlite3", CELERY_BROKER_URL="memory://")
    done = run([sys.executable, "-c", CODE], env, tmp_path)

    assert done.stdout == "1 4\n", done.stderr
