"""The script that adopts a project: what it counts and compares, without a cluster."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from adoption import inside, truth
from adoption.environment import running
from adoption.phases import Ended, facts_of
from adoption.programs import downloads, run
from adoption.table import Result
from adoption.workplace import CannotCopy, copy, written_lines

PATCH = """\
--- a/shop.py
+++ b/shop.py
@@ -1,3 +1,4 @@
 one
-two
+2
+
 three
--- /dev/null
+++ b/deploy/more.env
@@ -0,0 +1 @@
+NAME=value
"""
BUILD = [
    (0.0, "#5 [build 1/4] FROM docker.io/library/python"),
    (10.0, "#5 DONE 10.0s"),
    (10.0, "#6 [build 2/4] RUN apt-get update"),
    (12.0, "#6 0.123 Get:1"),
    (20.0, "#7 [other 2/4] RUN make"),
    (21.0, "#6 [build 2/4] RUN apt-get update"),
    (25.0, "#7 DONE 5.0s"),
    (30.0, "#6 DONE 20.0s"),
    (30.0, "#8 [build 4/4] RUN python manage.py collectstatic"),
    (32.0, "#8 DONE 2.0s"),
    (32.0, "#9 [run 2/4] RUN apt-get install"),
    (32.0, "#9 CACHED"),
    (32.0, "#10 exporting layers"),
    (40.0, "#10 DONE 8.0s"),
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "shop.py").write_text("one\ntwo\nthree\n")
    return folder


def test_hand_written_lines_are_counted_in_files_and_in_all(project: Path, tmp_path: Path) -> None:
    """Changed lines of old files apart from new files; the original is as it was."""
    patch = tmp_path / "hand.patch"
    patch.write_text(PATCH)
    workplace = copy(project, tmp_path / "copy")

    assert workplace.changed_lines() == 0
    assert workplace.apply(patch) == 4
    assert workplace.changed_lines() == 3
    assert workplace.new_files() == ["deploy/more.env"]
    before = workplace.digest(["deploy/more.env"])
    (workplace.root / "deploy/more.env").write_text("NAME=other\n")
    assert workplace.digest(["deploy/more.env"]) != before
    assert (project / "shop.py").read_text() == "one\ntwo\nthree\n"
    assert not (project / ".git").exists()


def test_a_copy_keeps_the_repository(project: Path, tmp_path: Path) -> None:
    """What git ignores is copied too, as it is on the disk of a person; nothing is committed."""
    first = copy(project, tmp_path / "first")
    (first.root / ".gitignore").write_text("secret\n")
    first.git("add", "-A")
    first.git("commit", "-q", "-m", "second")
    (first.root / "secret").write_text("x")

    second = copy(first.root, tmp_path / "second")

    assert second.git("rev-parse", "HEAD") == first.git("rev-parse", "HEAD")
    assert (second.root / "secret").exists()
    assert second.new_files() == []


def test_what_cannot_be_copied_or_patched_is_a_sentence(project: Path, tmp_path: Path) -> None:
    with pytest.raises(CannotCopy, match="is not a directory"):
        copy(tmp_path / "nowhere", tmp_path / "copy")
    patch = tmp_path / "hand.patch"
    patch.write_text(PATCH.replace(" one", " another"))
    with pytest.raises(CannotCopy, match="git apply"):
        copy(project, tmp_path / "copy").apply(patch)


def test_written_lines_are_not_the_names_of_files() -> None:
    assert written_lines(PATCH) == 4
    assert written_lines("") == 0


def test_downloads_are_the_time_in_which_nothing_else_is_done() -> None:
    """The image and apt-get, without the five seconds in which something was compiled beside it."""
    assert downloads(BUILD) == 25
    assert downloads([]) == 0


def test_a_program_that_hangs_or_fails_is_told(tmp_path: Path) -> None:
    """Also one whose child keeps its output open."""
    slow = run(["sh", "-c", "echo begun; sleep 60; true"], tmp_path, tmp_path / "log", timeout=0.5)
    wrong = run(["sh", "-c", "echo one; echo why >&2; exit 3"], tmp_path, tmp_path / "log", timeout=30)

    assert (slow.status, slow.sentence) == (124, "It did not end within 0.5 s.")
    assert slow.seconds < 30
    assert (wrong.status, wrong.sentence, wrong.out) == (3, "why", "one\nwhy")
    assert (tmp_path / "log").read_text() == "one\nwhy\n"


@pytest.mark.parametrize(
    ("value", "known"),
    [
        (["b", "a"], ["a", "b"]),
        ("shop.celery:app", "shop.celery.app"),
        (None, []),
        ({"dir": "web", "manager": "npm", "more": ""}, {"manager": "npm", "dir": "web/"}),
        ([{"name": "alerts", "args": ["manage", "alerts", "--loop"]}], ["alerts --loop"]),
        ([{"name": "alerts", "command": ["alerts", "--loop"]}], ["alerts --loop"]),
        (["cache"], True),
        ([], False),
    ],
)
def test_values_that_say_the_same(value: object, known: object) -> None:
    assert truth.same(value, known)


@pytest.mark.parametrize(
    ("value", "known"),
    [("3.12", "3.13"), (["a"], ["a", "b"]), ([], True), ("x", False), ({"dir": "a"}, None)],
)
def test_values_that_do_not(value: object, known: object) -> None:
    assert not truth.same(value, known)


def test_each_fact_is_right_asked_wrong_or_missing(tmp_path: Path) -> None:
    """A wrong answer about which a question is asked is no wrong fact."""
    file = tmp_path / "truth.json"
    known = {
        "lock": {"value": "uv.lock"},
        "python": {"value": ">=3.12", "accept": ["3.13"]},
        "packages": {"at_least": ["libpq5"]},
        "settings": {"value": "shop.production"},
        "media": {"value": "bucket"},
        "front": {"value": None},
    }
    file.write_text(json.dumps(known))
    facts = {
        "lock": {"value": "uv.lock"},
        "python": {"value": "3.13"},
        "packages": {"value": ["gettext", "libpq5"]},
        "settings": {"value": "shop.local", "choices": [{}, {}]},
        "media": {"value": "volume", "choices": [{}]},
    }

    assert truth.compare(facts, file) == {
        "lock": "right", "python": "right", "packages": "right", "settings": "asked", "media": "wrong", "front": "missing",
    }  # fmt: skip


def test_facts_are_found_below_other_lines() -> None:
    fact = {"name": "lock", "value": "uv.lock"}
    assert facts_of(f"Loading ...\n{json.dumps({'facts': [fact]})}\n") == {"lock": fact}
    assert facts_of('{"lock": "uv.lock"}') == {"lock": {"value": "uv.lock"}}
    with pytest.raises(Ended, match="no JSON"):
        facts_of("There is no manage.py.")


def test_the_table_says_what_is_wrong() -> None:
    result = Result(
        "shop",
        facts={"lock": {"value": "uv.lock", "source": "uv.lock:1"}},
        judged={"lock": "wrong", "media": "missing"},
    )
    result.row("page start", True, "/ 200")
    assert result.right
    result.row("upload", None, "no form")
    result.row("task", False, "no worker")
    result.seconds, result.downloads = {"init": 30.0, "build": 120.0, "up": 90.0, "down": 60.0}, 60.0

    text = result.text()

    assert not result.right
    assert result.total == 180
    assert "0 right, 0 asked, 1 wrong, 1 missing" in text
    assert [line.split()[-3:] for line in text.splitlines() if "NO" in line] == [["NO", "no", "worker"]]


def test_what_runs_in_the_pod_stands_alone(tmp_path: Path) -> None:
    """It is piped into a Python that knows only the project."""
    text = Path(inside.__file__).read_text()
    done = subprocess.run(
        ["python3", "-I", "-", "task"],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
    )

    assert json.loads(done.stdout.splitlines()[-1]) == {"worked": False, "said": "CELERY_APP is ''"}


def test_a_pod_is_found_by_its_component() -> None:
    """A worker's component has the name of its queue in it; a pod that has ended answers nothing."""

    def pod(name: str, component: str, phase: str = "Running") -> dict[str, Any]:
        labels = {"app.kubernetes.io/component": component}
        return {"metadata": {"name": name, "labels": labels}, "status": {"phase": phase}}

    pods = [pod("a", "website"), pod("b", "web", "Failed"), pod("c", "web"), pod("d", "worker-mail")]

    assert [running(pods, name) for name in ("web", "worker", "beat")] == ["c", "d", ""]
