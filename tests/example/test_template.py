"""The example project as a template: copied, it runs unchanged."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import example
from support.process import environment, run

SETTINGS = example.EXAMPLE / "config" / "settings.py"

# What a person does next: a request, through the whole middleware.
REQUEST = """
from django.test import Client
answer = Client().get("/")
assert answer.status_code == 200, answer
assert b"Status board" in answer.content
print("answered")
"""


def by_hand(folder: Path) -> None:
    """Copy the folder."""
    example.copy(folder)


def by_startproject(folder: Path) -> None:
    """Let Django make a project of it, under another name."""
    clean = example.copy(folder.parent / "template")
    folder.mkdir()
    done = run(
        [sys.executable, "-m", "django", "startproject", "--template", str(clean), "mysite", str(folder)],
        environment(),
        folder.parent,
    )
    assert done.returncode == 0, done.stderr


def by_django_k8s(folder: Path) -> None:
    """Let the library bring it out."""
    done = run(
        [sys.executable, "-m", "django_k8s.cli", "copy", "example", str(folder)], environment(), folder.parent
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("way", [by_hand, by_startproject, by_django_k8s])
def test_a_copy_runs_unchanged(way: Callable[[Path], None], tmp_path: Path) -> None:
    """Every file arrives as it is, and check, migrate and a request succeed in the copy."""
    folder = tmp_path / "copy"
    way(folder)
    source = example.copy(tmp_path / "source")
    for path in sorted(source.rglob("*")):
        if path.is_file():
            assert (folder / path.relative_to(source)).read_bytes() == path.read_bytes(), path
    env = environment(DEBUG="true", PYTHONDONTWRITEBYTECODE="1")
    for args in (["check", "--fail-level", "WARNING"], ["migrate", "-v0"], ["shell", "-v0", "-c", REQUEST]):
        done = run([sys.executable, "manage.py", *args], env, folder)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "answered" in done.stdout


def test_migrations_are_complete() -> None:
    """The models and the migrations of the board say the same."""
    done = run(
        [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run", "board"],
        environment(DEBUG="true", PYTHONDONTWRITEBYTECODE="1"),
        example.EXAMPLE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_settings_are_short() -> None:
    """The whole settings module is 73 lines at most."""
    assert len(SETTINGS.read_text().splitlines()) <= 73


def test_no_python_file_looks_like_a_template() -> None:
    """startproject renders every .py file, so none may hold template syntax."""
    for path in example.EXAMPLE.rglob("*.py"):
        assert not any(mark in path.read_text() for mark in ("{{", "{%", "{#")), path


def test_pages_need_no_other_site_and_no_inline_code() -> None:
    """Nothing comes from another host, and no script or style stands in a page."""
    for path in [
        *example.EXAMPLE.rglob("*.html"),
        *example.EXAMPLE.rglob("*.css"),
        *example.EXAMPLE.rglob("*.js"),
    ]:
        for mark in ("https://", "http://", " style=", "<style", " onclick", "<script>"):
            assert mark not in path.read_text(), (path, mark)
