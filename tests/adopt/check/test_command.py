"""The command ``django-k8s check``: its report, its exit status, and what Django itself says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.adopted import FILES, Repository, newer, plain, repository

from django_k8s.adopt.check.finding import Finding

APP = {
    "shop/settings/production.py": plain(FILES["shop/settings/production.py"])
    + 'INSTALLED_APPS += ["shop"]\nDEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"\n'
    + 'MIDDLEWARE += ["django.middleware.clickjacking.XFrameOptionsMiddleware", "django.middleware.csrf.CsrfViewMiddleware"]\n',
    "shop/models.py": """\
        from django.db import models


        class Cart(models.Model):
            number = models.IntegerField()
        """,
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": """\
        from django.db import migrations, models


        class Migration(migrations.Migration):
            initial = True
            operations = [
                migrations.CreateModel("Cart", [("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")), ("number", models.IntegerField())])
            ]
        """,
}
LOADED = ("--python", sys.executable)


def ids(result: subprocess.CompletedProcess[str]) -> list[str]:
    assert result.returncode in (0, 1), result.stderr
    return [one["id"] for one in json.loads(result.stdout)["findings"]]


def change(project: Repository, name: str, old: str, new: str) -> None:
    text = project.read(name)
    assert old in text
    project.write(name, text.replace(old, new))


class TestStatus:
    def test_notes_pass(self, tmp_path: Path) -> None:
        """Notes alone pass, even with --strict."""
        project = repository(tmp_path / "shop")
        result = project.command("check", "--no-load", "--strict")

        assert result.returncode == 0, result.stdout + result.stderr
        assert '2 notes. The page "django-k8s check" of the documentation explains each.' in result.stdout
        assert "this is what `django-k8s init` would find" in result.stdout
        assert project.git("status", "--porcelain", "--ignored") == ""

    def test_warnings_pass_unless_strict(self, tmp_path: Path) -> None:
        """Warnings fail only with --strict, and --ignore leaves them out."""
        project = repository(tmp_path / "shop", {**FILES, "shop/views.py": "import time\n\ntime.sleep(1)\n"})

        assert project.command("check", "--no-load").returncode == 0
        assert project.command("check", "--no-load", "--strict").returncode == 1
        assert project.command("check", "--no-load", "--strict", "--ignore", "sleep-in-view").returncode == 0

    def test_errors_fail(self, tmp_path: Path) -> None:
        """An error fails, and is shown first, with its place, reason and fix."""
        project = repository(tmp_path / "shop", {**FILES, ".python-version": "3.10\n"})
        result = project.command("check", "--no-load")

        assert result.returncode == 1
        assert result.stdout.startswith(
            ".python-version: error: The image gets Python 3.10. [python-version]\n    "
        )
        assert "Allow a newer Python in requires-python" in result.stdout

    @pytest.mark.parametrize(
        ("arguments", "status", "words"),
        [
            (["--ignore", "nothing"], 64, "There is no kind of finding called nothing"),
            (["--settings", "shop.none"], 78, "is not in the repository"),
            (["elsewhere"], 66, "is not a directory"),
        ],
    )
    def test_one_sentence(self, tmp_path: Path, arguments: list[str], status: int, words: str) -> None:
        """Every mistake is one sentence."""
        result = repository(tmp_path / "shop").command("check", "--no-load", *arguments)

        assert result.returncode == status, result.stderr
        assert words in result.stderr
        assert result.stderr.count("\n") == 1


def test_json(tmp_path: Path) -> None:
    """Each finding has an id, a severity, a file, a line, reasons, a fix and a page."""
    project = repository(tmp_path / "shop", {**FILES, "shop/views.py": "import time\n\ntime.sleep(1)\n"})
    told = json.loads(project.command("check", "--no-load", "--json").stdout)
    first = told["findings"][0]

    assert (first["id"], first["severity"], first["file"], first["line"]) == (
        "sleep-in-view",
        "warning",
        "shop/views.py",
        3,
    )
    assert all(first[name] for name in ("what", "why", "fix"))
    assert first["page"] == "django-k8s check"


@pytest.mark.parametrize(
    ("kind", "page"),
    [("sqlite", "django-k8s check"), ("django_k8s.W005", "System checks"), ("security.W004", "")],
)
def test_page(kind: str, page: str) -> None:
    """Our findings and system checks name the page that explains them."""
    assert Finding(kind, "warning", "", "what", "why", "fix").page == page


class TestUpdate:
    def test_newer_version(self, tmp_path: Path) -> None:
        """A record from an older version is a warning."""
        project = repository(tmp_path / "shop")
        project.adopt()

        assert "update-waits" not in ids(project.command("check", "--no-load", "--json"))
        package = newer(tmp_path / "newer", "0.9.0", {})
        assert "update-waits" in ids(project.command("check", "--no-load", "--json", package=package))

    def test_changed_project(self, tmp_path: Path) -> None:
        """A project that has changed since init is a warning."""
        project = repository(tmp_path / "shop")
        project.adopt()
        project.write(
            "shop/tasks.py",
            'from celery import shared_task\n\n\n@shared_task(queue="reports")\ndef report(): ...\n',
        )

        assert "update-waits" in ids(project.command("check", "--no-load", "--json"))


class TestLoaded:
    """With an interpreter that has the project's packages."""

    @pytest.mark.parametrize("adopted", [False, True])
    def test_good_project(self, tmp_path: Path, adopted: bool) -> None:
        """Django's own checks report nothing about a good project, before and after init."""
        project = repository(tmp_path / "shop", {**FILES, **APP})
        if adopted:
            project.adopt()
        result = project.command("check", "--json", *LOADED)
        notes = json.loads(result.stdout)["notes"]

        assert set(ids(result)) <= {
            "task-acks-early",
            "task-time-limit",
            "hosts",
            "base-image",
            "update-waits",
        }
        assert not [note for note in notes if "incomplete" in note]
        assert project.git("status", "--porcelain", "--ignored") == ""

    def test_migrations_missing(self, tmp_path: Path) -> None:
        """A model that has changed since its last migration is an error."""
        project = repository(tmp_path / "shop", {**FILES, **APP})
        change(project, "shop/models.py", "IntegerField()", "IntegerField()\n    name = models.TextField()")
        result = project.command("check", *LOADED)

        assert result.returncode == 1, result.stderr
        assert (
            "Models of shop (Add field name to cart) have changes without a migration. [migrations-missing]"
            in result.stdout
        )

    def test_migrations_conflict(self, tmp_path: Path) -> None:
        """Conflicting migrations of an application are an error."""
        project = repository(tmp_path / "shop", {**FILES, **APP})
        for name in ("0002_a", "0002_b"):
            project.write(
                f"shop/migrations/{name}.py",
                "from django.db import migrations\n\n\nclass Migration(migrations.Migration):\n    dependencies = [('shop', '0001_initial')]\n",
            )

        assert "migrations-conflict" in ids(project.command("check", "--json", *LOADED))

    def test_system_checks(self, tmp_path: Path) -> None:
        """What Django's checks say about the settings for Kubernetes is reported with Django's own ids."""
        project = repository(tmp_path / "shop", {**FILES, **APP})
        change(project, "shop/models.py", "IntegerField()", "IntegerField(choices=1)")
        change(
            project,
            "shop/settings/production.py",
            "DEBUG = False",
            'DEBUG = False\nX_FRAME_OPTIONS = "ALLOW"',
        )
        result = project.command("check", *LOADED)

        assert "error: 'choices' must be a mapping" in result.stdout
        assert "[fields.E004]" in result.stdout

    def test_set_up_fails(self, tmp_path: Path) -> None:
        """If Django cannot be set up, the rules on files still report, and a note says why."""
        project = repository(tmp_path / "shop", {**FILES, **APP})
        project.write("shop/models.py", "import stripe_of_nobody\n")
        result = project.command("check", *LOADED)

        assert "stripe_of_nobody" in result.stdout
        assert "task-acks-early" in result.stdout
        assert "Traceback" not in result.stdout + result.stderr

    def test_driver_missing(self, tmp_path: Path) -> None:
        """The driver of PostgreSQL comes with the image: Django checks the project without it."""
        project = repository(tmp_path / "shop", {**FILES, **APP})
        for name in ("psycopg", "psycopg2"):
            project.write(f"{name}/__init__.py", "raise ImportError('not here')\n")
        change(project, "shop/models.py", "IntegerField()", "IntegerField()\n    name = models.TextField()")
        result = project.command("check", "--json", *LOADED)

        assert "migrations-missing" in ids(result)
        assert "django_k8s.W005" not in ids(result)
        assert not [note for note in json.loads(result.stdout)["notes"] if "incomplete" in note]

    def test_silenced(self, tmp_path: Path) -> None:
        """The project's SILENCED_SYSTEM_CHECKS applies."""
        project = repository(tmp_path / "shop", {**FILES, **APP})
        change(project, "shop/models.py", "IntegerField()", "IntegerField(choices=1)")
        change(
            project,
            "shop/settings/production.py",
            "DEBUG = False",
            'DEBUG = False\nSILENCED_SYSTEM_CHECKS = ["fields.E004"]',
        )

        assert "fields.E004" not in ids(project.command("check", "--json", *LOADED))
