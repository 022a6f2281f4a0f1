"""The command ``django-k8s update``: what it refuses, what it says, and that nothing is half-written."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.adopted import Repository, newer, repository
from support.process import environment, wait_until

CHANGE = {"adopt/render/values.py": ("# What the project runs in every environment.", "# The newer heading;")}
MORE = {
    **CHANGE,
    "adopt/render/__init__.py": (
        'f"{FOLDER}/.gitignore": ',
        'f"{FOLDER}/notes.md": "new\\n",\n        f"{FOLDER}/.gitignore": ',
    ),
}
LESS = {
    "adopt/render/__init__.py": (
        'f"{FOLDER}/github-actions.yaml": workflow.workflow(facts, name, version),\n        ',
        "",
    )
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    project = repository(tmp_path_factory.mktemp("template") / "shop")
    project.adopt()
    return project


@pytest.fixture
def adopted(template: Repository, tmp_path: Path) -> Repository:
    """A project that init has adopted."""
    shutil.copytree(template.root, tmp_path / "shop")
    return Repository(tmp_path / "shop")


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A newer version of the library that writes another heading and one more file."""
    return newer(tmp_path_factory.mktemp("newer"), "0.9.0", MORE)


def files(project: Repository) -> dict[str, bytes]:
    return {
        str(path.relative_to(project.root)): path.read_bytes()
        for path in project.root.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(project.root).parts
    }


def test_nothing_to_do(adopted: Repository) -> None:
    """The same version writes nothing, and --check says that nothing waits."""
    before = files(adopted)
    done = adopted.command("update", "--no-load")
    checked = adopted.command("update", "--no-load", "--check")

    assert (done.returncode, checked.returncode) == (0, 0), done.stderr + checked.stderr
    assert "Nothing to do" in done.stdout
    assert files(adopted) == before


def test_check_writes_nothing(adopted: Repository, version: Path) -> None:
    """--check exits with 2 if an update waits, also in a dirty tree."""
    adopted.write("notes.txt", "not committed\n")
    before = files(adopted)
    result = adopted.command("update", "--no-load", "--check", package=version)

    assert result.returncode == 2, result.stderr
    assert "deploy/values.yaml: updated" in result.stdout
    assert "run `django-k8s update`" in result.stdout
    assert files(adopted) == before


def test_update_moves_on(adopted: Repository, version: Path) -> None:
    """Files without edits are replaced, a new file is added, and the record has the new version."""
    result = adopted.command("update", "--no-load", package=version)
    again = adopted.command("update", "--no-load", "--allow-dirty", "--check", package=version)

    assert result.returncode == 0, result.stderr
    assert "deploy/notes.md: added" in result.stdout
    assert adopted.read("deploy/notes.md") == "new\n"
    assert adopted.read("deploy/values.yaml").startswith("# The newer heading;")
    assert adopted.read("deploy/.django-k8s/deploy/notes.md.txt") == "new\n"
    assert 'version = "0.9.0"' in adopted.read("deploy/django-k8s.toml")
    assert again.returncode == 0, again.stdout


def test_undo_after_update(adopted: Repository, version: Path) -> None:
    """``init --undo`` removes what an update added too."""
    adopted.command("update", "--no-load", package=version)
    adopted.commit()
    adopted.command("init", "--undo", package=version)

    assert not any(name.startswith(("deploy/", ".devcontainer/")) for name in files(adopted))


def test_dropped_file(adopted: Repository, tmp_path: Path) -> None:
    """A file that the new version does not write is removed, unless the project has edited it."""
    other = Repository(tmp_path / "other")
    shutil.copytree(adopted.root, other.root)
    other.write("deploy/github-actions.yaml", "on: push\n")
    other.commit()
    package = newer(tmp_path / "newer", "0.9.0", LESS)
    removed = adopted.command("update", "--no-load", package=package)
    kept = other.command("update", "--no-load", package=package)

    assert "github-actions.yaml: removed" in removed.stdout
    assert not [name for name in files(adopted) if "github-actions" in name]
    assert "github-actions.yaml: kept, because you edited it" in kept.stdout
    assert [name for name in files(other) if "github-actions" in name] == ["deploy/github-actions.yaml"]


def test_file_of_the_project_in_the_way(adopted: Repository, version: Path) -> None:
    """If the project already has a file that the new version would add, update and --undo leave it alone."""
    adopted.write("deploy/notes.md", "the project's\n")
    adopted.commit()
    result = adopted.command("update", "--no-load", package=version)
    adopted.commit()
    adopted.command("init", "--undo", package=version)

    assert result.returncode == 0, result.stderr
    assert "deploy/notes.md: left alone" in result.stdout
    assert adopted.read("deploy/notes.md") == "the project's\n"


def test_dirty_tree(adopted: Repository, version: Path) -> None:
    """A tree with changes is refused, unless --allow-dirty is there."""
    adopted.write("deploy/values.yaml", adopted.read("deploy/values.yaml") + "# not committed\n")
    before = files(adopted)
    refused = adopted.command("update", "--no-load", package=version)

    assert refused.returncode == 64
    assert "deploy/values.yaml" in refused.stderr
    assert files(adopted) == before
    assert adopted.command("update", "--no-load", "--allow-dirty", package=version).returncode == 0
    assert "# not committed" in adopted.read("deploy/values.yaml")


def test_never_adopted(tmp_path: Path) -> None:
    """Without a record, the command leads to init; without git, it says what to do."""
    project = repository(tmp_path / "shop")
    result = project.command("update")

    assert result.returncode == 66
    assert "Run `django-k8s init` first" in result.stderr
    assert result.stderr.count("\n") == 1


def test_json(adopted: Repository, version: Path) -> None:
    """--json prints the same outcome as JSON."""
    told = json.loads(adopted.command("update", "--no-load", "--check", "--json", package=version).stdout)

    assert (told["from"], told["to"], told["waits"]) == ("0.1.0", "0.9.0", True)
    assert {"name": "deploy/notes.md", "change": "added", "conflicts": 0} in told["files"]


def test_new_facts(adopted: Repository) -> None:
    """New facts about the project are reported, and merged into the files."""
    adopted.write(
        "shop/tasks.py",
        'from celery import shared_task\n\n\n@shared_task(queue="reports")\ndef report(): ...\n',
    )
    adopted.commit()
    checked = adopted.command("update", "--no-load", "--check")
    result = adopted.command("update", "--no-load")

    assert checked.returncode == 2, checked.stdout
    assert (
        "queues: celery, mail -> celery, mail, reports  (shop/settings/base.py:13, shop/tasks.py:4)"
        in result.stdout
    )
    assert "reports: {queues: [reports]}" in adopted.read("deploy/values.yaml")


def test_answers_stay(tmp_path: Path) -> None:
    """Answers given to init are kept, and so is the name if the directory has another one."""
    project = repository(tmp_path / "shop")
    project.adopt("--python-version", "3.12")
    project.root.rename(tmp_path / "renamed")
    moved = Repository(tmp_path / "renamed")
    result = moved.command("update", "--no-load")

    assert "Nothing to do" in result.stdout
    assert "python:3.12-slim" in moved.read("deploy/Dockerfile")


def test_lost_base(adopted: Repository, version: Path) -> None:
    """Without the text as it was written, differences are conflicts, and nothing is lost."""
    adopted.git("rm", "-rq", "deploy/.django-k8s")
    adopted.write("deploy/values.yaml", adopted.read("deploy/values.yaml") + "# ours\n")
    adopted.commit()
    result = adopted.command("update", "--no-load", package=version)

    assert result.returncode == 1, result.stderr
    assert "# ours" in adopted.read("deploy/values.yaml")
    assert "<<<<<<< yours" in adopted.read("deploy/values.yaml")


def test_no_room(adopted: Repository, version: Path) -> None:
    """If one file cannot be written, none is, and all files are as before."""
    before = files(adopted)
    result = subprocess.run(
        ["sh", "-c", f"ulimit -f 12; export GIT_OPTIONAL_LOCKS=0; exec {sys.executable} -P -m django_k8s.cli update --no-load"],
        cwd=adopted.root, env=environment(PYTHONPATH=str(version)), capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert result.returncode == 73, result.stdout + result.stderr
    assert "Nothing was written" in result.stderr
    assert files(adopted) == before


def test_failure_in_the_middle(adopted: Repository, tmp_path: Path) -> None:
    """If a move fails after others have succeeded, those are undone."""
    more = {
        **CHANGE,
        "adopt/render/__init__.py": (
            MORE["adopt/render/__init__.py"][0],
            'f"manage.py/x": "new",\n' + MORE["adopt/render/__init__.py"][0],
        ),
    }
    before = files(adopted)
    result = adopted.command("update", "--no-load", package=newer(tmp_path / "newer", "0.9.0", more))

    assert result.returncode == 73, result.stdout + result.stderr
    assert "manage.py" in result.stderr
    assert files(adopted) == before


@pytest.mark.parametrize("moved", [0, 3])
def test_interrupted(adopted: Repository, tmp_path: Path, moved: int) -> None:
    """Ctrl-C before the first move, or between two, leaves everything as it was."""
    move = "                (new / name).replace(root / name)"
    wait = f"__import__('pathlib').Path('{tmp_path}/reached').touch(), __import__('time').sleep(60)"
    edits = {
        **CHANGE,
        "adopt/write.py": (move, f"                len(done) == {moved + 1} and ({wait})\n{move}"),
    }
    package = newer(tmp_path / "newer", "0.9.0", edits)
    before = files(adopted)
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "django_k8s.cli", "update", "--no-load"],
        cwd=adopted.root, env=environment(PYTHONPATH=str(package)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        wait_until((tmp_path / "reached").exists, 30, "the update reaches the moves")
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()

    assert process.returncode == 130, errors
    assert "nothing was written" in errors
    assert files(adopted) == before


@pytest.fixture
def read_only(adopted: Repository) -> Iterator[Repository]:
    adopted.root.chmod(0o555)
    yield adopted
    adopted.root.chmod(0o755)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_no_rights(read_only: Repository, version: Path) -> None:
    """A repository that cannot be written is one sentence."""
    result = read_only.command("update", "--no-load", package=version)

    assert result.returncode == 73
    assert result.stderr.count("\n") == 1
