"""The tutorial, done: its own code in a copy of the example."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from support import example
from support.process import environment, run

PAGE = (example.ROOT / "docs" / "tutorial" / "first-steps.md").read_text()

VISIT = """
from django.conf import settings
from django.test import Client
from guests.models import Guest
from guests.tasks import forget, welcome
answer = Client().get("/guests/Ada")
assert answer.content == b"1 guests so far", answer.content
assert welcome(Guest.objects.get().pk) == "Welcome, Ada!"
assert forget() == 0
assert "forget" in settings.CELERY_BEAT_SCHEDULE
print("visited")
"""


def blocks() -> dict[str, str]:
    """Each code block by the file that the words before it name."""
    found = {}
    for before, code in re.findall(r"([^\n]+(?:\n[^\n]+)*):?\n\n```python\n(.*?)```", PAGE, re.DOTALL):
        found[re.findall(r"`([\w/]+\.py)`", before)[0]] = code
    return found


def test_the_tutorial_works(tmp_path: Path) -> None:
    """Its files, written as it says, give the page, the task and the schedule that it promises."""
    folder = example.copy(tmp_path / "mysite")
    env = environment(DEBUG="true", LOG_LEVEL="ERROR")

    def manage(*args: str, **more: str) -> str:
        done = run([sys.executable, "manage.py", *args], {**env, **more}, folder)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    manage("startapp", "guests")
    files = blocks()
    assert set(files) == {"guests/models.py", "guests/tasks.py", "guests/views.py", "config/urls.py"}
    for name, code in files.items():
        (folder / name).write_text(code)
    line = re.search(r'^    ("forget": .*,)$', PAGE, re.MULTILINE)
    assert line
    settings = folder / "config" / "settings.py"
    text = settings.read_text().replace('    "board",\n', '    "board",\n    "guests",\n')
    settings.write_text(text.replace("CELERY_BEAT_SCHEDULE = {", f"CELERY_BEAT_SCHEDULE = {{{line[1]} "))
    manage("makemigrations", "-v0", "guests")
    manage("migrate", "-v0")
    assert "visited" in manage("shell", "-v0", "-c", VISIT)


def test_production_asks_for_what_is_missing(tmp_path: Path) -> None:
    """One message, with every variable that the copy needs outside of debug mode."""
    folder = example.copy(tmp_path / "mysite")
    done = run([sys.executable, "manage.py", "check"], environment(DEBUG="false"), folder)
    assert done.returncode == 78
    for name in ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "CELERY_BROKER_URL"):
        assert f"  {name}: is missing." in done.stderr, done.stderr
