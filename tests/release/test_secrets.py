"""Which variables the Secret of an environment has."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from django_k8s.release import secrets
from django_k8s.release.outcome import Stopped
from django_k8s.release.project import Project


@pytest.fixture
def shop(tmp_path: Path) -> Project:
    """A project that lists its variables."""
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "secret.env.example").write_text(
        "# Read in settings.py, line 3.\nMAIL_KEY=\nDATABASE_URL=\n"
    )
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return Project(tmp_path, "shop")


def test_names(shop: Project) -> None:
    """Those of the example and of the file; not those that would lead to another database."""
    (shop.root / ".gitignore").write_text("deploy/secret.env\n")
    (shop.deploy / "secret.env").write_text("MAIL_KEY='a b'\nEXTRA_KEY=c#d\nREDIS_URL=redis://production\n")
    given, names = secrets.given_and_names(shop)

    assert (given["MAIL_KEY"], given["EXTRA_KEY"]) == ("a b", "c#d")
    assert names == ["MAIL_KEY", "EXTRA_KEY"]


def test_without_values(shop: Project) -> None:
    """The example alone gives the names."""
    assert secrets.given_and_names(shop) == ({}, ["MAIL_KEY"])


def test_secrets_that_would_be_committed(shop: Project) -> None:
    """git has to ignore the file."""
    (shop.deploy / "secret.env").write_text("MAIL_KEY=hunter2\n")

    with pytest.raises(Stopped, match=r"Add the line deploy/secret.env to .gitignore") as caught:
        secrets.given_and_names(shop)
    assert "hunter2" not in str(caught.value)


def test_a_file_that_cannot_be_read(shop: Project) -> None:
    """A line that is no variable is told without its content."""
    (shop.deploy / "secret.env.example").write_text("MAIL_KEY: hunter2\n")

    with pytest.raises(Stopped, match="a line that is not NAME=value") as caught:
        secrets.given_and_names(shop)
    assert "hunter2" not in str(caught.value)
