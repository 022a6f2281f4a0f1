"""What a run on a development machine leaves behind."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from support.need import need, program

from django_k8s import Env
from django_k8s import settings as k8s
from django_k8s.cli.run.project import environment


def status(folder: Path) -> str:
    """What git would add in ``folder``."""
    git = program("git")
    need("git", git, "install git")
    assert git
    subprocess.run([git, "init", "-q"], cwd=folder, check=True)
    done = subprocess.run(
        [git, "status", "--porcelain"], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.mark.parametrize("by", ["settings", "run"])
def test_git_ignores_it(tmp_path: Path, by: str) -> None:
    """Neither the directory of `django-k8s run` nor that of the default broker shows up in `git status`."""
    if by == "settings":
        k8s.celery(Env(tmp_path, environ={"DEBUG": "1"}))
        assert (tmp_path / ".state" / "broker" / "messages").is_dir()
    else:
        (tmp_path / "manage.py").touch()
        assert environment(tmp_path, 8000)["STATE_DIR"] == str(tmp_path / ".state" / "run")

    (tmp_path / ".state" / "message").touch()
    assert ".state" not in status(tmp_path)


def test_own_directory_stays_as_it_is(tmp_path: Path) -> None:
    """A broker's directory that a variable names gets no file of ours, and a .gitignore that is there stays."""
    k8s.celery(Env(tmp_path, environ={"DEBUG": "1", "CELERY_BROKER_URL": f"filesystem://{tmp_path}/own"}))
    assert not (tmp_path / ".state").exists()

    (tmp_path / ".state").mkdir()
    (tmp_path / ".state" / ".gitignore").write_text("own\n")
    k8s.celery(Env(tmp_path, environ={"DEBUG": "1"}))
    assert (tmp_path / ".state" / ".gitignore").read_text() == "own\n"
