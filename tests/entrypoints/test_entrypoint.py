"""The dispatcher, on this machine: what it starts, and what it refuses with a sentence."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import django
import pytest
from support import example, need
from support.ports import free_port
from support.process import answers, environment, get, run, started, wait_until
from support.roles import ENTRYPOINT, role, role_environment

ROLES = ("web", "worker", "beat", "daemon", "migrate", "wait", "shell", "manage", "check")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example.copy(tmp_path_factory.mktemp("entrypoint") / "site")


def enter(site: Path, *args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    env = environment(DEBUG="true", DJANGO_SETTINGS_MODULE="config.settings", PROBE_PORT="0", **variables)
    return run(["/bin/sh", ENTRYPOINT, *args], env, site, 60)


def test_unknown_role(site: Path) -> None:
    """Neither a role nor a program: status 64, and the roles."""
    done = enter(site, "bogus")

    assert done.returncode == 64
    assert all(role in done.stderr for role in (*ROLES, "'bogus'"))


def shell_of(name: str) -> str:
    """The path of a shell, one of those that images have as /bin/sh."""
    found = need.program(name)
    need.need(name, found, f"install {name}, or run the tests in an image of Debian")
    assert found
    return found


@pytest.mark.parametrize("shell", ["dash", "bash"])
@pytest.mark.parametrize("word", ["if", "cd", "fail", "is_program", "./config", "config", ".", "*"])
def test_no_word_of_the_shell_is_a_program(site: Path, shell: str, word: str) -> None:
    """A keyword, a function, a directory and what may not be executed are no programs."""
    done = run([shell_of(shell), ENTRYPOINT, word], environment(DEBUG="true"), site, 60)

    assert done.returncode == 64
    assert f"no role or program '{word}'" in done.stderr


def test_any_program(site: Path) -> None:
    """It runs as it is, with its status."""
    assert enter(site, "sh", "-c", "exit 7").returncode == 7
    assert enter(site, "/bin/sh", "-c", "exit 7").returncode == 7
    assert enter(site, "echo", "both a program and the shell's").stdout == "both a program and the shell's\n"


def test_options_are_webs(site: Path) -> None:
    """Options alone, or nothing, mean web."""
    done = enter(site, "--check-config")
    assert done.returncode == 0, done.stderr


def test_manage(site: Path) -> None:
    """A management command by the project's manage.py, and without one by Django's own."""
    assert enter(site, "manage", "--version").stdout.strip() == django.get_version()
    assert enter(site.parent, "manage", "--version").stdout.strip() == django.get_version()


@pytest.mark.parametrize("role", ["web", "worker", "beat", "migrate"])
def test_build_phase_starts_no_role(site: Path, role: str) -> None:
    """Settings without secrets serve a build alone."""
    done = enter(site, role, BUILD_PHASE="1")
    assert done.returncode == 78
    assert "BUILD_PHASE" in done.stderr


@pytest.mark.parametrize("role", ["web", "worker", "beat", "migrate", "wait", "check"])
def test_no_settings(tmp_path: Path, role: str) -> None:
    """A role needs to know its settings, unless a manage.py names them."""
    done = run(["/bin/sh", ENTRYPOINT, role], environment(DEBUG="true"), tmp_path, 60)
    assert done.returncode == 78
    assert (
        "Set DJANGO_SETTINGS_MODULE" in done.stderr
        or "DJANGO_SETTINGS_MODULE is not set. Set it" in done.stderr
    )
    assert "Traceback" not in done.stderr


def test_manage_names_the_settings(site: Path) -> None:
    """What a project's manage.py names need not be a variable."""
    done = run(["/bin/sh", ENTRYPOINT, "check"], environment(DEBUG="true", PROBE_PORT="0"), site, 60)
    assert done.returncode != 78
    assert "System check identified" in done.stderr


@pytest.mark.parametrize(
    ("content", "what"),
    [(None, "cannot be read"), ("no section\n", "not a valid"), ("[other]\na = b\n", "no section")],
)
def test_broken_newrelic_ini(site: Path, tmp_path: Path, content: str | None, what: str) -> None:
    """It is said, and the role starts without the agent."""
    path = tmp_path / "newrelic.ini"
    if content is not None:
        path.write_text(content)
    done = enter(site, "manage", "--version", NEW_RELIC_CONFIG_FILE=str(path))

    assert done.returncode == 0
    assert what in done.stderr
    assert "nothing is monitored" in done.stderr
    assert done.stdout.strip() == django.get_version()


def test_agent_only_where_it_is_configured(site: Path) -> None:
    """Without New Relic's variables neither its package nor its launcher is there; with them both are."""
    code = "import os, sys; print('newrelic' in sys.modules, 'NEW_RELIC_ADMIN_COMMAND' in os.environ)"
    arguments = ("manage", "shell", "-v0", "-c", code)

    assert enter(site, *arguments).stdout.strip() == "False False"
    key = {
        "NEW_RELIC_LICENSE_KEY": "0" * 40,
        "NEW_RELIC_DEVELOPER_MODE": "true",
        "NEW_RELIC_LOG": "/dev/null",
    }
    assert enter(site, *arguments, **key).stdout.strip() == "True True"


@contextlib.contextmanager
def elsewhere(site: Path, source: str, **values: str) -> Iterator[dict[str, str]]:
    """These values in a mounted folder, in files of their own or in .env; gives the variables that lead there."""
    folder = site.parent / "mounted"
    folder.mkdir()
    for name, value in values.items():
        (folder / name).write_text(value)
    dotenv = site / ".env"
    if source == ".env":
        dotenv.write_text("".join(f"{name}={value}\n" for name, value in values.items()))
    try:
        yield {
            "folder": {"ENV_DIR": str(folder)},
            "files": {f"{name}_FILE": str(folder / name) for name in values},
            ".env": {},
        }[source]
    finally:
        shutil.rmtree(folder)
        dotenv.unlink(missing_ok=True)


SOURCES = pytest.mark.parametrize("source", ["folder", "files", ".env"])


@SOURCES
def test_values_from_elsewhere(site: Path, tmp_path: Path, source: str) -> None:
    """What the dispatcher decides by, and what it hands on, may come from where everything else does."""
    release = """it's "$(id)" `id` \\ $HOME"""
    code = "import os, sys; print('newrelic' in sys.modules, os.environ['NEW_RELIC_METADATA_RELEASE_TAG'])"
    with elsewhere(site, source, NEW_RELIC_LICENSE_KEY="0" * 40, RELEASE=release) as variables:
        done = enter(
            site,
            *("manage", "shell", "-v0", "-c", code),
            NEW_RELIC_DEVELOPER_MODE="true",
            NEW_RELIC_LOG="/dev/null",
            **variables,
        )
    assert done.stdout.strip() == f"True {release}", done.stderr

    (tmp_path / "web").mkdir()
    (tmp_path / "web" / "1.heartbeat").write_text("{}")
    with elsewhere(site, source, STATE_DIR=str(tmp_path)) as variables:
        enter(site, "--check-config", **variables)
    assert not list((tmp_path / "web").iterdir())

    with elsewhere(site, source, BUILD_PHASE="yes") as variables:
        assert enter(site, "worker", **variables).returncode == 78


@pytest.mark.parametrize("word", ["FALSE", "n", "oFF", " false", "\t0 \n"])
def test_a_build_phase_that_is_none(site: Path, word: str) -> None:
    """The dispatcher knows the words that the settings know."""
    done = enter(site, "web", "--check-config", BUILD_PHASE=word)
    assert done.returncode == 0, done.stderr


def test_dotenv_is_for_every_process(tmp_path: Path) -> None:
    """The dispatcher, the probe listener, gunicorn and Django all read the file in ENV_FILE."""
    state, port, probe_port = tmp_path / "elsewhere", free_port(), free_port()
    (state / "web").mkdir(parents=True)
    (state / "web" / "old.heartbeat").write_text("{}")
    (tmp_path / ".env").write_text(
        f"STATE_DIR={state}\nPORT={port}\nPROBE_PORT={probe_port}\nHEALTH_TOKEN=the-token\n"
        "WEB_THREADS=3\nREADINESS_CHECKS=cache\nMETRICS=true\nLOG_FORMAT=text\n"
    )
    env = {**role_environment(tmp_path), "ENV_FILE": str(tmp_path / ".env")}
    for name in ("STATE_DIR", "LOG_FORMAT"):
        del env[name]
    with started(["/bin/sh", ENTRYPOINT, "web"], env, tmp_path, tmp_path / "log") as web:
        wait_until(
            lambda: answers(port, "/readyz") or not web.running(),
            30,
            f"readiness without migrations: {web.output}",
        )
        assert "threads in each: 3" in web.output
        report = get(port, "/healthz?verbose", headers={"Authorization": "Bearer the-token"})
        assert list(report.json()["checks"]) == ["cache"]
        assert answers(probe_port, "/livez")
        assert answers(probe_port, "/metrics")
        assert [path.name == "old.heartbeat" for path in (state / "web").glob("*.heartbeat")] == [False]
        assert web.stop() == 0


def test_heartbeats_of_a_former_container_go(site: Path, tmp_path: Path) -> None:
    """An emptyDir outlives its containers; what it holds of other roles stays."""
    for name in ("web", "worker"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.heartbeat").write_text("{}")
    enter(site, "--check-config", STATE_DIR=str(tmp_path))

    assert not list((tmp_path / "web").iterdir())
    assert list((tmp_path / "worker").iterdir())


@pytest.mark.parametrize("name", ["web", "worker", "beat"])
def test_no_shell_stays(tmp_path: Path, name: str) -> None:
    """The process that was started becomes the role's program itself, which so hears every signal."""
    with role(tmp_path, name) as process:
        command = Path(f"/proc/{process.pid}/cmdline")
        wait_until(
            lambda: command.read_bytes().startswith(b"python\0"), 10, "Python in the place of the shell"
        )


def test_shell_idles_without_a_terminal(site: Path) -> None:
    """People exec into it."""
    env = environment(DEBUG="true", ENVIRONMENT="pr-7", RELEASE="3")
    with subprocess.Popen(["/bin/sh", ENTRYPOINT, "shell"], env=env, stdin=subprocess.DEVNULL) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.terminate()
    prompt = run(["/bin/sh", "-c", f'. {Path(ENTRYPOINT).parent}/prompt; eval "echo \\"$PS1\\""'], env, site)
    assert prompt.stdout.startswith("[pr-7 3]")


HOSTILE = [
    "$(touch pwned)",
    "`touch pwned`",
    "${X:=$(touch pwned)}",
    "\\$(touch pwned)",
    "';touch pwned;'",
    '"; touch pwned; "',
]


@pytest.mark.parametrize("shell", ["dash", "bash"])
@pytest.mark.parametrize("name", HOSTILE)
def test_the_prompt_executes_nothing(tmp_path: Path, shell: str, name: str) -> None:
    """The name of a branch comes from whoever may push one, and the shell has every secret."""
    prompt = str(Path(ENTRYPOINT).parent / "prompt")
    arguments = ["--noediting", "--rcfile", prompt, "-i"] if shell == "bash" else ["-i"]
    done = subprocess.run(
        [shell_of(shell), *arguments],
        cwd=tmp_path, env=environment(ENVIRONMENT=name, RELEASE=name, ROLE=name, ENV=prompt),
        input="true\n\n", capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip

    assert f"[{name} {name} {name}] {tmp_path} $ " in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["LOG_LEVEL", "NEW_RELIC_X", "OTEL_X"])
def test_a_value_that_no_program_can_be_started_with(site: Path, name: str) -> None:
    """Linux refuses one of 128 KiB in a sentence that names nothing."""
    (site / ".env").write_text(f"{name}={'x' * 2**17}\n")
    try:
        done = enter(site, "manage", "--version")
    finally:
        (site / ".env").unlink()
    assert done.returncode == 78
    assert f"{name}: is longer than 128 KiB" in done.stderr
    assert "xxx" not in done.stderr


def test_values_that_are_too_long_together(site: Path, tmp_path: Path) -> None:
    """Linux allows them 2 MiB, with everything else that a program is given."""
    for number in range(20):
        (tmp_path / f"OTEL_X{number}").write_text("x" * (100_000 + number))
    done = enter(site, "manage", "--version", ENV_DIR=str(tmp_path))
    assert done.returncode == 78
    assert "OTEL_X19: is the longest of variables that have more than 1 MiB together" in done.stderr


@pytest.mark.parametrize("kind", ["pipe", "endless", "large", "directory"])
def test_a_variable_is_read_from_a_regular_file(site: Path, tmp_path: Path, kind: str) -> None:
    """A pipe would be waited for, before anything was said, and a device has no end."""
    path = tmp_path / "file"
    if kind == "pipe":
        os.mkfifo(path)
        # Whoever opens it gets a value, and so fails this test instead of waiting for ever.
        writer = threading.Thread(target=path.write_text, args=("k" * 60,))
        writer.start()
    elif kind == "large":
        path.write_text("x" * (2**20 + 1))
    elif kind == "endless":
        path = Path("/dev/zero")
    else:
        path.mkdir()
    try:
        done = enter(site, "manage", "check", SECRET_KEY_FILE=str(path))
    finally:
        if kind == "pipe":
            reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
            writer.join()
            os.close(reader)

    assert done.returncode == 78, done.stderr
    assert "SECRET_KEY: the file that SECRET_KEY_FILE names cannot be read as text" in done.stderr
    assert "Traceback" not in done.stderr
