"""The command ``django-k8s init``: it writes new files at once or not at all, says why, and takes everything back."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.disks import disk
from support.process import environment, run
from support.repositories import add, commit, git, package, repository, shop

from django_k8s.adopt import write as writing
from django_k8s.adopt.failure import CannotAdopt
from django_k8s.environment.exit_codes import EX_UNAVAILABLE


def init(root: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the command at ``root``."""
    command = [sys.executable, "-P", "-m", "django_k8s.cli", "init", *options]
    return run(command, environment(**variables), root)


def loaded(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the command with the interpreter of these tests as the project's."""
    return init(root, "--python", sys.executable, *options)


def one_sentence(ended: subprocess.CompletedProcess[str], status: int, words: str) -> None:
    """Assert that a command has ended with a sentence that says what is wrong, and without a traceback."""
    assert ended.returncode == status, ended.stdout + ended.stderr
    assert words in ended.stderr
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("django-k8s init: ")


def clean(root: Path) -> bool:
    return git(root, "status", "--porcelain", "--ignored") == ""


class TestWrites:
    def test_and_undo(self, tmp_path: Path) -> None:
        """init only adds files, a second run changes nothing, and --undo restores the tree."""
        root = repository(tmp_path, package(production="from .base import *\n"))
        first = loaded(root, "--yes")
        status = git(root, "status", "--porcelain", "--untracked-files=all").splitlines()
        contents = {
            path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts
        }
        second = loaded(root, "--yes")

        assert first.returncode == second.returncode == 0, first.stderr + second.stderr
        assert all(line.startswith("?? ") for line in status)
        assert {"?? shop/settings/kubernetes.py", "?? deploy/Dockerfile", "?? deploy/django-k8s.toml"} <= set(
            status
        )
        assert "Nothing to do" in second.stdout
        assert contents == {
            path: path.read_bytes() for path in root.rglob("*") if path.is_file() and ".git" not in path.parts
        }
        assert loaded(root, "--undo").returncode == 0
        assert clean(root)
        assert not (root / "deploy").exists()  # git knows no directories

    def test_screen_and_diff(self, tmp_path: Path) -> None:
        """Each fact with its value, confidence and source; one diff, which of our own files shows what is the project's."""
        root = repository(tmp_path, shop())
        ended = loaded(root, "--yes")
        facts, _, patch = ended.stdout.partition("\n--- /dev/null\n")

        assert next(line for line in facts.splitlines() if line.startswith("settings module")).split()[
            2:
        ] == [
            "shop.settings",
            "read",
            "shop/wsgi.py:4",
        ]
        assert "required variables" in facts
        assert "SHOP_KEY" in facts
        assert "+env = Env(BASE_DIR)" in patch
        image = patch.partition("+++ b/deploy/Dockerfile\n")[2].partition("\n--- ")[0].splitlines()
        assert "+ARG SETTINGS=shop.settings_kubernetes" in image
        assert not [line for line in image if line.startswith(("+FROM", "+RUN", " "))]

    def test_django_that_is_too_old(self, tmp_path: Path) -> None:
        """Nothing is written for a Django that this library does not support."""
        root = repository(tmp_path, shop() | {"requirements.txt": "django==4.2.1\n"})

        one_sentence(
            init(root, "--yes", "--no-load"), EX_UNAVAILABLE, "has Django 4.2.1, and django-k8s needs 5.2"
        )
        assert clean(root)

    def test_again_after_a_commit(self, tmp_path: Path) -> None:
        """The next run does not draw conclusions from the files of init, committed or not."""
        root = repository(
            tmp_path, package(heaven="from .base import *\n", production="from .base import *\n")
        )
        assert loaded(root, "--yes").returncode == 0
        commit(root)
        ended = loaded(root, "--yes")

        assert "Nothing to do" in ended.stdout, ended.stdout
        add(root, {"shop/management/commands/loop.py": "while True:\n    sleep(1)\n"})
        commit(root)
        assert "django-k8s update" in loaded(root, "--yes").stdout

    def test_ignored_by_git(self, tmp_path: Path) -> None:
        """A module that the project's .gitignore ignores is in the image all the same, and init says how to commit it."""
        files = package(production="from .base import *\n") | {".gitignore": "kubernetes.py\n"}
        root = repository(tmp_path, files)
        first = init(root, "--no-load", "--yes")
        git(root, "add", "-f", ".")
        commit(root)
        second = init(root, "--no-load", "--yes")

        assert "commit it with `git add -f shop/settings/kubernetes.py`" in first.stdout + first.stderr
        assert (
            "\nARG ALLOW_FILES=shop/settings/kubernetes.py\n" in (root / "deploy" / "Dockerfile").read_text()
        )
        assert "Nothing to do" in second.stdout

    def test_json(self, tmp_path: Path) -> None:
        """--json writes no files without --yes."""
        root = repository(tmp_path, shop())
        ended = loaded(root, "--json")
        found = json.loads(ended.stdout)

        assert found["facts"]["settings_module"] == {
            "value": "shop.settings",
            "source": "shop/wsgi.py:4",
            "confidence": "read",
            "choices": [],
        }
        assert len(found["facts"]) >= 20
        assert found["variables"][0]["name"] == "SHOP_KEY"
        assert clean(root)
        assert json.loads(loaded(root, "--json", "--yes").stdout)["files"] == found["files"]
        assert (root / "deploy/Dockerfile").is_file()

    def test_without_loading(self, tmp_path: Path) -> None:
        """--no-load reads only files, and says so."""
        root = repository(tmp_path, shop(settings="\nraise SystemExit\n"))
        ended = init(root, "--yes", "--no-load")

        assert ended.returncode == 0
        assert "were not loaded (--no-load)" in ended.stdout

    def test_answers(self, tmp_path: Path) -> None:
        """An option answers a question; the answer is kept for the next run."""
        root = repository(tmp_path, shop("one") | shop("two"))
        assert (
            loaded(
                root, "--yes", "--project", "two/", "--media", "bucket", "--readiness-page", "none"
            ).returncode
            == 0
        )
        text = (root / "deploy/django-k8s.toml").read_text()

        assert 'project_dir = "two"' in text.partition("[answers]")[2].partition("[facts]")[0]
        assert "READINESS_PAGE" not in (root / "deploy/values.yaml").read_text()
        assert "Nothing to do" in loaded(root, "--yes").stdout

    def test_empty_directory(self, tmp_path: Path) -> None:
        """In an empty directory, init offers the template."""
        asked = init(tmp_path)
        assert (asked.returncode, "django-k8s copy example" in asked.stdout) == (64, True)
        assert list(tmp_path.iterdir()) == []
        assert init(tmp_path, "--yes").returncode == 0
        assert (tmp_path / "manage.py").is_file()


class TestAsks:
    @pytest.mark.parametrize(
        ("answers", "written"), [("2\ny\n", "two"), ("\ny\n", "one"), ("1\nn\n", ""), ("9\n\x04", "")]
    )
    def test_on_a_terminal(self, tmp_path: Path, answers: str, written: str) -> None:
        """On a terminal, init asks which of two projects to use, and whether to write."""
        root = repository(tmp_path, shop("one") | shop("two"))
        leader, follower = pty.openpty()
        command = [sys.executable, "-P", "-m", "django_k8s.cli", "init", "--no-load"]
        with subprocess.Popen(
            command,
            cwd=root,
            stdin=follower,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=environment(),
        ) as process:
            os.close(follower)
            os.write(leader, answers.encode())
            output, _ = process.communicate(timeout=60)
        os.close(leader)

        assert b"Which project directory?" in output
        assert b"Traceback" not in output
        assert (root / f"{written or 'one'}/shop/settings_kubernetes.py").exists() is bool(written)

    def test_without_a_terminal(self, tmp_path: Path) -> None:
        """Without a terminal, a question is one sentence with the option that answers it."""
        root = repository(tmp_path, shop("one") | shop("two"))
        one_sentence(init(root, "--no-load"), 64, "Choose one with --project")
        one_sentence(init(root, "--no-load", "--project", "one"), 64, "Add --yes")
        assert clean(root)


class TestRefuses:
    def test_dirty_tree(self, tmp_path: Path) -> None:
        """init refuses uncommitted changes, unless --allow-dirty is given."""
        root = repository(tmp_path, shop())
        (root / "note").write_text("x")

        one_sentence(init(root, "--yes", "--no-load"), 64, "such as note")
        assert init(root, "--yes", "--no-load", "--allow-dirty").returncode == 0

    @pytest.mark.parametrize(
        ("files", "options", "status", "words"),
        [
            ({"README": "x"}, (), 66, "There is no manage.py"),
            (shop(), ("--project", "nowhere"), 66, "no manage.py in nowhere"),
            (shop(), ("--settings", "no.such"), 78, "no.such is not in the repository"),
            (shop(settings="\nx = (\n"), (), 78, "has a syntax error"),
            (shop() | {"deploy/Dockerfile": "FROM scratch"}, (), 73, "deploy/Dockerfile exists already"),
            (shop() | {"deploy/django-k8s.toml": "x"}, (), 78, "cannot be read"),
        ],
    )
    def test_in_one_sentence(
        self, tmp_path: Path, files: dict[str, str], options: tuple[str, ...], status: int, words: str
    ) -> None:
        """Each refusal is one sentence that says what is wrong and what to do."""
        root = repository(tmp_path, files)

        one_sentence(init(root, "--yes", "--no-load", *options), status, words)
        assert clean(root)

    def test_no_repository(self, tmp_path: Path) -> None:
        """A directory outside of git, a path that is not a directory, and a missing git are refused."""
        add(tmp_path, shop())
        one_sentence(init(tmp_path, "--yes"), 66, "git init")
        one_sentence(init(tmp_path, "--yes", "nowhere"), 66, "is not a directory")
        root = repository(tmp_path / "a", shop())
        one_sentence(init(root, "--yes", PATH="/nowhere"), 69, "git is not installed")

    def test_undo_after_an_edit(self, tmp_path: Path) -> None:
        """An edited file is kept, unless --force loses it; and there must be something to undo."""
        root = repository(tmp_path, shop())
        one_sentence(init(root, "--undo"), 66, "written nothing here")
        assert init(root, "--yes", "--no-load").returncode == 0
        with (root / "deploy/values.yaml").open("a") as file:
            file.write("tests: true\n")

        one_sentence(init(root, "--undo"), 73, "deploy/values.yaml was edited")
        assert (root / "deploy/Dockerfile").exists()
        assert init(root, "--undo", "--force").returncode == 0
        assert clean(root)


class TestAtOnceOrNotAtAll:
    FILES = {"a/one": "1", "a/b/two": "2", "three": "x" * 5000}

    @pytest.mark.parametrize("step", range(3))
    @pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
    def test_interrupted(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int, error: BaseException
    ) -> None:
        """If init is interrupted between two files, it leaves none."""
        moved = []
        link = os.link

        def failing(source: Path, target: Path) -> None:
            if len(moved) == step:
                raise error
            moved.append(target)
            link(source, target)

        monkeypatch.setattr(writing.os, "link", failing)
        with pytest.raises((CannotAdopt, KeyboardInterrupt)):
            writing.write(tmp_path, self.FILES)

        assert list(tmp_path.iterdir()) == []

    def test_a_file_that_appears(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody else's file of the same name stays, even if it was not there at first."""
        link = os.link

        def late(source: Path, target: Path) -> None:
            if target.name == "two":
                target.write_text("theirs")
            link(source, target)

        monkeypatch.setattr(writing.os, "link", late)
        with pytest.raises(CannotAdopt, match="File exists"):
            writing.write(tmp_path, self.FILES)

        assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["two"]
        assert (tmp_path / "a/b/two").read_text() == "theirs"

    def test_full_disk(self, tmp_path: Path) -> None:
        """A full disk is one sentence, and no file is left."""
        with disk(tmp_path / "disk") as small:
            root = repository(small.path / "shop", shop())
            small.fill()
            ended = init(root, "--yes", "--no-load")
            small.empty()

            one_sentence(ended, 73, "No space left on device")
            assert clean(root)

    def test_no_rights(self, tmp_path: Path) -> None:
        """A directory that cannot be written is refused."""
        with disk(tmp_path / "disk") as small:
            root = repository(small.path / "shop", shop())
            with small.read_only():
                ended = init(root, "--yes", "--no-load")

        one_sentence(ended, 73, "is not writable")

    def test_ctrl_c(self, tmp_path: Path) -> None:
        """While the settings load, and at the question: status 130, one line, nothing written."""
        root = repository(
            tmp_path, shop(settings="\nimport threading\nprint('here')\nthreading.Event().wait()\n")
        )
        command = [sys.executable, "-P", "-m", "django_k8s.cli", "init", "--yes", "--python", sys.executable]
        with subprocess.Popen(
            command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), text=True
        ) as process:
            _await_child(process.pid)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)

        assert process.returncode == 130
        assert errors == "django-k8s init: interrupted: nothing was written.\n"
        assert clean(root)


def _await_child(pid: int) -> None:
    """Wait until the process has started the project's interpreter on its settings."""
    from support.process import wait_until

    def started() -> bool:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return any(
            "shop.settings" in Path(f"/proc/{child}/cmdline").read_bytes().decode() for child in children
        )

    wait_until(started, 20, "the settings are not being loaded")
