"""The environment: sources, types, and one message for everything that is wrong."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest
from support import example
from support.process import environment, run

import django_k8s
from django_k8s import Env
from django_k8s import settings as k8s
from django_k8s.environment.exit_codes import EX_CONFIG
from django_k8s.environment.shell_exports import variables_to_export
from django_k8s.environment.variables import VARIABLES


def problems(env: Env) -> dict[str, str]:
    return {problem.name: problem.text for problem in env.problems}


def development(**values: str) -> dict[str, str]:
    return {"DEBUG": "true", **values}


class TestSources:
    """Process environment, NAME_FILE, ENV_DIR, .env, default: the first that has a value wins."""

    def test_order(self, tmp_path: Path) -> None:
        """Each source gives way to the one before it."""
        dotenv = tmp_path / ".env"
        folder = tmp_path / "mounted"
        folder.mkdir()
        pointer = tmp_path / "pointer"
        environ = {"ENV_DIR": str(folder)}

        assert Env(tmp_path, environ=environ).str("CACHE_KEY_PREFIX") == ""
        dotenv.write_text("CACHE_KEY_PREFIX=dotenv\n")
        assert Env(tmp_path, environ=environ).str("CACHE_KEY_PREFIX") == "dotenv"
        (folder / "CACHE_KEY_PREFIX").write_text("mounted\n")
        assert Env(tmp_path, environ=environ).str("CACHE_KEY_PREFIX") == "mounted"
        pointer.write_text("file\n")
        environ["CACHE_KEY_PREFIX_FILE"] = str(pointer)
        assert Env(tmp_path, environ=environ).str("CACHE_KEY_PREFIX") == "file"
        environ["CACHE_KEY_PREFIX"] = "process"
        env = Env(tmp_path, environ=environ)
        assert env.str("CACHE_KEY_PREFIX") == "process"
        assert env.find("CACHE_KEY_PREFIX").source == "environment"

    def test_one_line_end_of_a_file_goes(self, tmp_path: Path) -> None:
        """A file's last line end is not part of the value; everything else is."""
        path = tmp_path / "key"
        path.write_bytes(b" two\nlines \r\n")

        assert Env(environ={"SECRET_KEY_FILE": str(path)}).str("SECRET_KEY", secret=True) == " two\nlines "

    def test_a_dollar_is_a_dollar(self) -> None:
        """A value that starts with $ names no other variable."""
        env = Env(environ={"SECRET_KEY": "$HOME", "HOME": "elsewhere"})

        assert env.str("SECRET_KEY", secret=True) == "$HOME"

    def test_an_empty_value_ends_the_search(self, tmp_path: Path) -> None:
        """An empty variable means the default, not what a later source says."""
        dotenv = tmp_path / ".env"
        dotenv.write_text("CACHE_KEY_PREFIX=dotenv\n")

        assert Env(tmp_path, environ={"CACHE_KEY_PREFIX": ""}).str("CACHE_KEY_PREFIX") == ""

    @pytest.mark.parametrize("content", [None, b"\xff\xfe"])
    def test_unreadable_file(self, tmp_path: Path, content: bytes | None) -> None:
        """A missing file, or one that is no text, is a problem that names the variable."""
        path = tmp_path / "key"
        if content is not None:
            path.write_bytes(content)
        env = Env(environ=development(SECRET_KEY_FILE=str(path)))

        assert env.str("SECRET_KEY", "", secret=True) == ""
        assert "cannot be read" in problems(env)["SECRET_KEY"]

    def test_missing_folder(self) -> None:
        """A folder of ENV_DIR that is not there is a problem."""
        assert "does not exist" in problems(Env(environ=development(ENV_DIR="/nowhere")))["ENV_DIR"]

    def test_a_folder_that_cannot_be_entered(self, tmp_path: Path) -> None:
        """One below a closed folder, or with a name too long to exist, is a problem and no traceback."""
        closed = tmp_path / "closed"
        (closed / "mounted").mkdir(parents=True)
        closed.chmod(0o600)
        code = (
            # Imported first: another user may not read this interpreter's files.
            "import difflib, os; from django_k8s.environment.env import Env;"
            "os.geteuid() or (os.setgid(65534), os.setuid(65534)); print(*Env().problems)"
        )
        for folder in (closed / "mounted", closed, f"/{'x' * 5000}"):
            env = environment(DEBUG="1", ENV_DIR=str(folder))
            done = run([sys.executable, "-c", code], env, Path("/"))
            assert done.stdout.startswith("ENV_DIR: directory 1 of it does not exist or cannot be read"), (
                done.stderr
            )
        closed.chmod(0o700)

    def test_first_folder_wins(self, tmp_path: Path) -> None:
        """ENV_DIR is searched in its order, and Kubernetes' hidden folders are no variables."""
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "CACHE_KEY_PREFIX").write_text(name)
        env = Env(environ={"ENV_DIR": f"{tmp_path}/one, {tmp_path}/two"})

        assert env.str("CACHE_KEY_PREFIX") == "one"

    def test_bad_dotenv_line_is_not_printed(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        """A line of .env that makes no sense is a problem without its text."""
        dotenv = tmp_path / ".env"
        dotenv.write_text("SECRET_KEY: hunter2\n")
        env = Env(tmp_path, environ=development())

        assert "NAME=value" in problems(env)[".env"]
        assert "hunter2" not in caplog.text + str(env.problems)

    def test_dotenv_of_the_working_directory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is read where none is named; an environment given as a mapping has none."""
        (tmp_path / ".env").write_text("CACHE_KEY_PREFIX=dotenv\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.delenv("CACHE_KEY_PREFIX", raising=False)

        assert Env().str("CACHE_KEY_PREFIX") == "dotenv"
        assert Env(environ={}).str("CACHE_KEY_PREFIX") == ""

    def test_dotenv_may_point_elsewhere(self, tmp_path: Path) -> None:
        """ENV_DIR and NAME_FILE in .env are followed; the process environment's ENV_DIR wins."""
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "MEDIA_S3_PREFIX").write_text(name)
        (tmp_path / "prefix").write_text("from a file\n")
        dotenv = tmp_path / ".env"
        dotenv.write_text(f"ENV_DIR={tmp_path}/one\nCACHE_KEY_PREFIX_FILE={tmp_path}/prefix\n")

        assert Env(tmp_path, environ={}).str("MEDIA_S3_PREFIX") == "one"
        assert Env(tmp_path, environ={}).str("CACHE_KEY_PREFIX") == "from a file"
        assert Env(tmp_path, environ={"ENV_DIR": f"{tmp_path}/two"}).str("MEDIA_S3_PREFIX") == "two"

    def test_service_links_are_no_values(self) -> None:
        """Kubernetes sets DATABASE_PORT=tcp://… for a Service called "database"."""
        env = Env(environ=development(DATABASE_PORT="tcp://10.0.0.1:5432", PROBE_PORT="8080"))

        assert env.int("DATABASE_PORT") == 5432
        assert env.int("PROBE_PORT") == 8080
        assert env.problems == []

    def test_strangers_variables_stop_no_pod(self) -> None:
        """Another program's ROLE says nothing here, and OpenTelemetry judges its own addresses."""
        env = Env(environ=development(ROLE="primary", OTEL_EXPORTER_OTLP_ENDPOINT="collector:4317"))

        assert env.str("ROLE") == ""
        assert env.problems == []

    def test_process_environment_is_left_alone(self, tmp_path: Path) -> None:
        """Reading .env changes no variable of the process, nor of another Env."""
        dotenv = tmp_path / ".env"
        dotenv.write_text("ONLY_IN_DOTENV=1\n")
        Env(tmp_path)

        assert "ONLY_IN_DOTENV" not in os.environ
        assert Env().find("ONLY_IN_DOTENV") is None


class TestScopes:
    """Settings variables come from every source, start-up variables from the process environment only."""

    def test_startup_variable(self, tmp_path: Path) -> None:
        """A value that the process does not have is not used, and a warning says what to do."""
        (tmp_path / ".env").write_text("DEBUG=true\nPORT=9000\nHEALTH_TOKEN=from-dotenv\n")
        env = Env(tmp_path, environ={})

        assert env.int("PORT") == 8000
        assert env.str("HEALTH_TOKEN") == "from-dotenv"
        assert env.resolve("PORT").value == "9000"
        (warning,) = env.warnings
        assert warning.name == "PORT"
        assert f"is set in {tmp_path}/.env, but not in this process" in warning.text
        assert "django-k8s run" in warning.text

    @pytest.mark.parametrize("source", ["PORT_FILE", "ENV_DIR"])
    def test_startup_variable_in_a_file(self, tmp_path: Path, source: str) -> None:
        """The same for files: only the entrypoint reads start-up variables from them."""
        (tmp_path / "PORT").write_text("9000\n")
        env = Env(environ={source: str(tmp_path / "PORT" if source == "PORT_FILE" else tmp_path)})

        assert env.int("PORT") == 8000
        assert [warning.name for warning in env.warnings] == ["PORT"]

    def test_exported_variable(self, tmp_path: Path) -> None:
        """Once it is exported, there is nothing to warn about."""
        (tmp_path / ".env").write_text("PORT=9000\n")
        env = Env(tmp_path, environ={"PORT": "9000"})

        assert env.int("PORT") == 9000
        assert env.warnings == []
        assert dict(variables_to_export(Env(tmp_path, environ={}))) == {"PORT": "9000"}
        assert dict(variables_to_export(env)) == {}

    def test_env_file(self, tmp_path: Path) -> None:
        """ENV_FILE names another .env, relative to the project's directory; one that is missing is a problem."""
        (tmp_path / ".env").write_text("HEALTH_TOKEN=one\n")
        (tmp_path / "other.env").write_text("HEALTH_TOKEN=two\n")

        assert Env(tmp_path, environ={"ENV_FILE": "other.env"}).str("HEALTH_TOKEN") == "two"
        assert Env(tmp_path, environ={"ENV_FILE": f"{tmp_path}/other.env"}).str("HEALTH_TOKEN") == "two"
        assert "names no file" in problems(Env(tmp_path, environ=development(ENV_FILE="no.env")))["ENV_FILE"]

    def test_base_dir_may_be_a_string(self, tmp_path: Path) -> None:
        """Projects from before pathlib have one."""
        (tmp_path / ".env").write_text("HEALTH_TOKEN=one\n")
        env = Env(str(tmp_path), environ={"DEBUG": "true"})

        assert env.base_dir == tmp_path
        assert env.str("HEALTH_TOKEN") == "one"
        assert k8s.static(env)[1] == f"{tmp_path}/staticfiles"

    def test_programs_before_django_read_startup_variables_only(self) -> None:
        """They see nothing but the process environment, so any other variable would differ in silence."""
        package = Path(django_k8s.__file__).parent
        names = ("process_labels", "trusted_networks", "grace_period", "state_directory")
        files = [package / "run_role.py", *(package / "environment" / f"{name}.py" for name in names)]
        files += [
            path for name in ("probe", "gunicorn", "observability") for path in (package / name).glob("*.py")
        ]
        read = {
            (path.name, name)
            for path in files
            for name in re.findall(r"\.(?:str|bool|int|float|list)\(\s*[\"']([A-Z_]+)[\"']", path.read_text())
        }

        assert ("options.py", "PORT") in read
        assert {name for _, name in read if VARIABLES[name].scope != "startup"} == set()

    @pytest.mark.parametrize("where", ["the project", "/", "elsewhere"])
    def test_one_truth(self, tmp_path: Path, where: str) -> None:
        """Wherever a process is started, settings and library see the same values."""
        site = tmp_path / "site"
        (tmp_path / "elsewhere").mkdir()
        (tmp_path / "elsewhere" / ".env").write_text("HEALTH_TOKEN=elsewhere\nSTATE_DIR=/elsewhere\n")
        example.copy(site)
        (site / ".env").write_text(
            "DEBUG=true\nHEALTH_TOKEN=the-project\nREADINESS_CHECKS=cache\nSTATE_DIR=/dotenv\n"
        )
        folder = {"the project": site, "/": Path("/"), "elsewhere": tmp_path / "elsewhere"}[where]
        code = (
            "from django.conf import settings; from django_k8s import conf; from config.settings import env;"
            "from django_k8s.environment.state_directory import role_directory; found = conf.current();"
            "print(found.health_token, found.readiness_checks, env.str('HEALTH_TOKEN'), env.list('READINESS_CHECKS'), role_directory('web'))"
        )
        command = [sys.executable, str(site / "manage.py"), "shell", "-v0", "-c", code]
        done = run(command, environment(DJANGO_SETTINGS_MODULE="config.settings"), folder)

        assert done.stdout.strip() == "the-project ('cache',) the-project ['cache'] /tmp/django-k8s/web", (
            done.stderr
        )
        assert f"STATE_DIR: is set in {site}/.env, but not in this process" in done.stderr


class TestTypes:
    """Strict readers: what is not clearly meant is a problem, and the default is used meanwhile."""

    @pytest.mark.parametrize(
        ("text", "value"), [("1", True), (" Yes ", True), ("ON", True), ("false", False), ("0", False)]
    )
    def test_bool(self, text: str, value: bool) -> None:
        """The usual words, in any case."""
        assert Env(environ={"WEB_ACCESS_LOG": text}).bool("WEB_ACCESS_LOG") is value

    def test_misspelt_bool(self) -> None:
        """A misspelt truth value is not False in silence."""
        env = Env(environ=development(WEB_ACCESS_LOG="flase"))

        assert env.bool("WEB_ACCESS_LOG") is False
        assert "true or false" in problems(env)["WEB_ACCESS_LOG"]

    @pytest.mark.parametrize(
        "text",
        [
            "eight", "8.5", "0", "1e3", "3000000000",
            pytest.param("9" * 400, id="400 digits"), pytest.param("9" * 5000, id="5000 digits"),
        ],
    )  # fmt: skip
    def test_bad_int(self, text: str) -> None:
        """No number, no whole number, out of bounds: all are problems."""
        env = Env(environ=development(WEB_THREADS=text))

        assert env.int("WEB_THREADS") == 8
        assert "WEB_THREADS" in problems(env)

    @pytest.mark.parametrize(
        "text", ["nan", "inf", "-1", "much", "1e300", pytest.param("9" * 400, id="400 digits")]
    )
    def test_bad_float(self, text: str) -> None:
        """NaN is no number, and bounds hold."""
        env = Env(environ=development(READINESS_TIMEOUT_SECONDS=text))

        assert env.float("READINESS_TIMEOUT_SECONDS") == 2.0
        assert "READINESS_TIMEOUT_SECONDS" in problems(env)

    def test_list(self) -> None:
        """Blanks around items go, and so do empty items."""
        assert Env(environ={"ALLOWED_HOSTS": " a.com , b.com,,\nc.com"}).list("ALLOWED_HOSTS") == [
            "a.com",
            "b.com",
            "c.com",
        ]
        assert Env(environ={}).list("WORKER_QUEUES") == ["celery"]

    def test_choices(self) -> None:
        """A value that is none of the choices names them."""
        env = Env(environ=development(READINESS_DATABASE="latchd"))

        assert env.str("READINESS_DATABASE") == "latched"
        assert "latched, strict" in problems(env)["READINESS_DATABASE"]

    def test_own_variables(self) -> None:
        """A project reads its own variables the same way; without a default they are required."""
        env = Env(environ={"DEBUG": "true", "PAGE_SIZE": "ten"})

        assert env.int("PAGE_SIZE", 20) == 20
        assert env.str("API_KEY", secret=True) == ""
        assert set(problems(env)) == {"PAGE_SIZE", "API_KEY"}

    def test_build_phase_requires_nothing(self) -> None:
        """While an image is built neither the table's nor the project's variables are needed."""
        env = Env(environ={"BUILD_PHASE": "1"})

        env.require("SECRET_KEY")
        env.str("API_KEY", secret=True)
        assert env.problems == []
        assert not env.production


class TestReport:
    """One message with every problem and what to do; status 78; no value of anything."""

    def test_misspelt_name_is_named_with_the_missing_one(self) -> None:
        """ALOWED_HOSTS is part of the message that misses ALLOWED_HOSTS."""
        env = Env(environ={"ALOWED_HOSTS": "example.com"})
        env.require("ALLOWED_HOSTS")

        assert "ALOWED_HOSTS is set" in problems(env)["ALLOWED_HOSTS"]
        assert env.warnings == []

    def test_misspelt_name_of_a_mounted_file(self, tmp_path: Path) -> None:
        """A key of a mounted Secret is misspelt as easily."""
        (tmp_path / "ALOWED_HOSTS").write_text("example.com")
        env = Env(environ={"ENV_DIR": str(tmp_path)})
        env.require("ALLOWED_HOSTS")

        assert "ALOWED_HOSTS is set" in problems(env)["ALLOWED_HOSTS"]

    def test_misspelt_name_is_else_a_warning(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A stranger's variable stops no pod."""
        env = Env(environ=development(WEB_THREAD="4"))
        k8s.config(env)

        assert "WEB_THREAD: looks like a misspelling of WEB_THREADS" in capsys.readouterr().err

    def test_config_lists_all_and_exits(self, capsys: pytest.CaptureFixture[str]) -> None:
        """A malformed variable that nothing has read is in the report too."""
        env = Env(environ={"WEB_THREADS": "hunter2"})
        env.require("SECRET_KEY")

        with pytest.raises(SystemExit) as exit_:
            k8s.config(env)

        message = capsys.readouterr().err
        assert exit_.value.code == EX_CONFIG
        assert "2 problems" in message
        assert "WEB_THREADS" in message
        assert "SECRET_KEY" in message
        assert "hunter2" not in message


def test_imports_neither_django_nor_celery(tmp_path: Path) -> None:
    """The environment can be read by programs that have neither, from .env too."""
    (tmp_path / ".env").write_text("CACHE_KEY_PREFIX=7\n")
    code = (
        "import sys; from django_k8s.environment.env import Env; print(Env().str('CACHE_KEY_PREFIX'));"
        "print([m for m in ('django', 'celery', 'environ') if m in sys.modules])"
    )

    assert run([sys.executable, "-c", code], environment(), tmp_path).stdout == "7\n[]\n"


def test_every_variable_is_explained() -> None:
    """Each variable of the table has a sentence, and its default fits its type and bounds."""
    for variable in VARIABLES.values():
        assert variable.help.endswith("."), variable.name
        env = Env(environ={})
        assert env.problems == []
        if isinstance(variable.default, int | float) and variable.minimum is not None:
            assert variable.minimum <= variable.default
