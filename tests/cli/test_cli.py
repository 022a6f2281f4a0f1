"""The command django-k8s: list, copy, and clear words for what makes no sense."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.process import environment, run

from django_k8s.cli.__main__ import main
from django_k8s.environment.variables import VARIABLES


def django_k8s(*args: str, cwd: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return run([sys.executable, "-m", "django_k8s.cli", *args], environment(**variables), cwd)


class TestEnv:
    def test_json(self, tmp_path: Path) -> None:
        """Every variable with type, default, source; no value of a secret or an address."""
        (tmp_path / ".env").write_text("SECRET_KEY=hunter2-dotenv\nPORT=9000\n")
        (tmp_path / "password").write_text("hunter2-file\n")
        result = django_k8s(
            "env", "--json", cwd=tmp_path, DEBUG="1",
            DATABASE_URL="postgres://u:hunter2@h/n", DATABASE_PASSWORD_FILE=str(tmp_path / "password"),
        )  # fmt: skip
        rows = {row["name"]: row for row in json.loads(result.stdout)}

        assert result.returncode == 0, result.stderr
        assert set(rows) == set(VARIABLES)
        assert rows["PORT"] | {"help": ""} == {
            "name": "PORT", "type": "int", "default": "8000", "set": True, "source": str(tmp_path / ".env"), "value": "9000",
            "secret": False, "required": False, "scope": "startup", "group": "Web", "help": "",
        }  # fmt: skip
        assert rows["DATABASE_PASSWORD"]["source"] == str(tmp_path / "password")
        assert rows["WEB_THREADS"]["source"] == "default"
        assert "hunter2" not in result.stdout + result.stderr

    def test_table(self, tmp_path: Path) -> None:
        """Without --json, the variables are a table."""
        result = django_k8s("env", cwd=tmp_path, DEBUG="1", REDIS_URL="redis://:hunter2@h")

        assert "# Database" in result.stdout
        assert any(line.split()[:2] == ["WEB_THREADS", "int"] for line in result.stdout.splitlines())
        assert "hunter2" not in result.stdout

    def test_problems(self, tmp_path: Path) -> None:
        """A malformed variable is status 78 and a line on standard error."""
        result = django_k8s("env", cwd=tmp_path, DEBUG="1", PORT="http")

        assert result.returncode == 78
        assert "PORT: is not a number" in result.stderr

    def test_runs_without_django(self, tmp_path: Path) -> None:
        """The list needs neither Django nor a project."""
        code = "import sys; sys.modules['django'] = None; from django_k8s.cli.__main__ import main; sys.exit(main(['env']))"

        assert run([sys.executable, "-c", code], environment(DEBUG="1"), tmp_path).returncode == 0


class TestCopy:
    @pytest.mark.parametrize(
        ("what", "file"),
        [
            ("docker", "Dockerfile"),
            ("docker", "Dockerfile.dockerignore"),
            ("example", "manage.py"),
            ("chart", "Chart.yaml"),
            ("chart", "templates/validate.yaml"),
            ("chart", "values.schema.json"),
            ("manifests", "base/kustomization.yaml"),
            ("manifests", "staging/kustomization.yaml"),
        ],
    )
    def test_copy(self, tmp_path: Path, what: str, file: str) -> None:
        """copy writes the files, and a second copy changes nothing."""
        destination = tmp_path / "new" / "folder"

        assert main(["copy", what, str(destination)]) == 0
        assert (destination / file).is_file()
        assert main(["copy", what, str(destination)]) == 0

    @pytest.mark.parametrize(
        ("what", "source"), [("chart", "charts/django"), ("manifests", "manifests"), ("docker", "docker")]
    )
    def test_all_of_it(self, tmp_path: Path, what: str, source: str) -> None:
        """Every file of the repository comes out of the wheel, byte for byte."""
        assert main(["copy", what, str(tmp_path)]) == 0
        folder = Path(__file__).resolve().parents[2] / source
        files = [path.relative_to(folder) for path in folder.rglob("*") if path.is_file()]
        # What makes the folder is no part of it, nor the head of its generated page.
        wanted = {
            file for file in files if file.suffix not in (".py", ".pyc") and file.name != "README.head.md"
        }
        found = {path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()}

        assert wanted <= found
        assert [
            file for file in wanted if (folder / file).read_bytes() != (tmp_path / file).read_bytes()
        ] == []

    def test_docker_without_entrypoints(self, tmp_path: Path) -> None:
        """An image has those of the package; a copy would be used by nothing."""
        assert main(["copy", "docker", str(tmp_path)]) == 0
        assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == []

    def test_nothing_is_lost(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A file that differs stops the copy before it starts; --force overwrites."""
        (tmp_path / "Dockerfile").write_text("mine")

        assert main(["copy", "docker", str(tmp_path)]) == 73
        assert "Dockerfile" in capsys.readouterr().err
        assert [path.name for path in tmp_path.iterdir()] == ["Dockerfile"]
        assert (tmp_path / "Dockerfile").read_text() == "mine"
        assert main(["copy", "docker", str(tmp_path), "--force"]) == 0
        assert (tmp_path / "Dockerfile").read_text() != "mine"

    def test_destination_is_a_file(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """A destination that cannot be a folder is one line, not a traceback."""
        (tmp_path / "taken").write_text("")

        assert main(["copy", "docker", str(tmp_path / "taken")]) == 73
        assert "cannot write" in capsys.readouterr().err

    def test_not_carried(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Parts that an installation does not have are one line."""
        monkeypatch.setattr("django_k8s.cli.copy.assets", lambda: tmp_path)

        assert main(["copy", "docker", str(tmp_path / "to")]) == 73
        assert "does not contain the docker" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[], ["bogus"], ["copy", "nothing", "."], ["env", "--yaml"]])
def test_wrong_command_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A wrong command line is status 64 and the usage."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)

    assert exit_.value.code == 64
    assert "usage: django-k8s" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["--help"], ["--version"]])
def test_help(arguments: list[str]) -> None:
    """--help has status 0."""
    with pytest.raises(SystemExit) as exit_:
        main(arguments)

    assert exit_.value.code == 0
