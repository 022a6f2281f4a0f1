"""The production image: what is in it, how it runs, and how it ends."""

from __future__ import annotations

import re
import shutil
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from support.docker import (
    CONFINED,
    KEY,
    ROOT,
    Container,
    build,
    container,
    docker,
    engine,
    layers,
    network,
    web_alone,
    wheel,
)
from support.patience import patience
from support.process import wait_until

# One process makes what all of these tests use.
pytestmark = [pytest.mark.docker, pytest.mark.xdist_group("image-production")]

USERS = ("10001:0", "1000680000:0")
ROLES = ("web", "worker", "beat")
GRACE = {"web": 40, "worker": 60, "beat": 15}
READY = {"web": (8000, "/readyz"), "worker": (8001, "/readyz"), "beat": (8001, "/readyz")}
RUNS = {"web": "gunicorn", "worker": "celery", "beat": "celery"}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    engine()
    return wheel(tmp_path_factory.mktemp("library"))


@pytest.fixture(scope="module")
def image(library: Path) -> Iterator[str]:
    tag = build(ROOT / "example_project", library, "--build-arg", "RELEASE=1.0")
    yield tag
    docker("rmi", "-f", tag, check=False)


@pytest.fixture(scope="module")
def stack(image: str) -> Iterator[dict[str, str]]:
    """PostgreSQL and Redis in containers, migrated by the image: the variables and options of a role."""
    with (
        network() as net,
        container(
            "postgres:17",
            options=["--network", net, "--network-alias", "db"],
            POSTGRES_PASSWORD="secret",
            POSTGRES_DB="shop",
        ),
        container("redis:8", options=["--network", net, "--network-alias", "redis"]),
    ):
        variables = {
            "SECRET_KEY": KEY, "ALLOWED_HOSTS": "shop.example", "HTTPS": "false", "ENVIRONMENT": "test",
            "DATABASE_URL": "postgres://postgres:secret@db:5432/shop", "REDIS_URL": "redis://redis:6379/0",
        }  # fmt: skip
        env = [item for name, value in variables.items() for item in ("-e", f"{name}={value}")]
        result = docker("run", "--rm", *CONFINED, "--network", net, *env, image, "migrate", check=False)
        assert result.returncode == 0, result.stdout + result.stderr
        yield {**variables, "network": net}


def role(image: str, stack: dict[str, str], name: str, user: str = USERS[0], *options: str, **more: str):
    variables = {key: value for key, value in stack.items() if key != "network"}
    return container(
        image,
        name,
        options=[*CONFINED, "--user", user, "--network", stack["network"], *options],
        **{**variables, **more},
    )


@pytest.mark.parametrize("user", USERS)
def test_roles_run_confined(image: str, stack: dict[str, str], user: str) -> None:
    """web, worker and beat work together on a read-only root, as any user."""
    with (
        role(image, stack, "web", user) as web,
        role(image, stack, "worker", user) as worker,
        role(image, stack, "beat", user) as beat,
    ):
        for name, box in (("web", web), ("worker", worker), ("beat", beat)):
            box.wait_for(*READY[name])
            assert box.status(8001, "/livez") == 200
        # Beat publishes, the worker ticks, the database keeps it.
        code = (
            "import django; django.setup(); from board.models import TaskRun; print(TaskRun.objects.count())"
        )
        wait_until(lambda: int(web.python(code)) > 0, 30, "a tick of beat in the database")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("web", "processes: 1 (CPU limit 2, but memory limit 128 MiB)"),
        ("worker", "processes: 1, since the memory limit is 128 MiB"),
    ],
)
def test_processes_fit_into_the_memory(image: str, stack: dict[str, str], name: str, said: str) -> None:
    """A container that has two CPUs and too little memory for two processes starts one."""
    limits = ("--cpus", "2", "--memory", "128m")
    with role(image, stack, name, USERS[0], *limits) as box:
        box.wait_for(*READY[name])
        assert said in box.logs()


# What an intruder would try; each line that is printed has been written.
WRITING = """
import os
for folder in ("/app", "/app/config", "/opt/venv", "/opt/venv/bin", "/opt/static", os.path.dirname(os.__file__)):
    old = next(os.path.join(folder, name) for name in sorted(os.listdir(folder)) if os.path.isfile(os.path.join(folder, name)))
    for attempt in (
        lambda: open(folder + "/new", "w"),
        lambda: open(old, "a"),
        lambda: os.rename(old, old + ".moved"),
        lambda: os.chmod(folder, 0o777),
    ):
        try:
            attempt()
            print(folder)
        except OSError:
            pass
"""


@pytest.mark.parametrize("user", USERS)
@pytest.mark.parametrize("options", [(), ("--read-only", "--tmpfs", "/tmp")], ids=["writable", "read-only"])
def test_code_cannot_be_written(image: str, user: str, options: tuple[str, ...]) -> None:
    """Neither code nor dependencies nor static files, on a root that could be written too."""
    assert docker("run", "--rm", *options, "--user", user, image, "python", "-c", WRITING).stdout == ""


def test_root_could_write(image: str) -> None:
    """The attempts are real ones: root succeeds with all of them."""
    written = docker("run", "--rm", "--user", "0:0", image, "python", "-c", WRITING).stdout.split()
    assert len(written) == 6 * 4


def test_migrate_as_any_user(image: str, stack: dict[str, str]) -> None:
    """A new database, migrated by a user whom the image does not know."""
    env = {**stack, "DATABASE_URL": stack["DATABASE_URL"].replace("/shop", "/second")}
    code = f"import psycopg; psycopg.connect({stack['DATABASE_URL']!r}, autocommit=True).execute('CREATE DATABASE second')"
    docker("run", "--rm", "--network", stack["network"], image, "python", "-c", code)
    options = [item for name, value in env.items() if name != "network" for item in ("-e", f"{name}={value}")]
    result = docker(
        *(
            "run",
            "--rm",
            *CONFINED,
            "--user",
            USERS[1],
            "--network",
            stack["network"],
            *options,
            image,
            "migrate",
        ),
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "board.0001_initial" in result.stdout + result.stderr


@pytest.mark.parametrize("name", ROLES)
def test_processes(image: str, stack: dict[str, str], name: str) -> None:
    """tini is process 1; its children are the program itself and the probe listener; no shell, no zombie."""
    with role(image, stack, name) as box:
        box.wait_for(*READY[name])
        check_tree(box, name)
        # A killed child and a killed listener leave no zombie: both are reaped.
        children = [
            pid for pid, parent, _, command in box.processes() if RUNS[name] in command and parent != 1
        ]
        listener = [pid for pid, _, _, command in box.processes() if "django_k8s.probe" in command]
        box.python(f"import os; [os.kill(pid, 9) for pid in {children[:1] + listener}]")
        wait_until(
            lambda: not [row for row in box.processes() if row[0] in children[:1] + listener],
            10,
            "the end of both",
        )
        assert [row for row in box.processes() if row[2] == "Z"] == []


def check_tree(box: Container, name: str) -> None:
    processes = box.processes()
    assert next(command for pid, _, _, command in processes if pid == 1).startswith("tini -e 143 -- "), (
        processes
    )
    kinds = sorted(
        "probe" if "django_k8s.probe" in command else RUNS[name] if RUNS[name] in command else command
        for _, parent, _, command in processes
        if parent == 1
    )
    assert kinds == sorted(["probe", RUNS[name]]), processes
    assert not [
        command
        for pid, _, _, command in processes
        if pid != 1 and re.match(r"(/bin/)?(ba|da)?sh( |$)", command)
    ]
    assert [row for row in processes if row[2] == "Z"] == []


@pytest.mark.parametrize("name", ROLES)
@pytest.mark.parametrize("when", ["ready", "importing"])
def test_stop(image: str, stack: dict[str, str], name: str, when: str) -> None:
    """docker stop with the role's grace period: exit 0 before its end, while it still imports too."""
    with role(image, stack, name) as box:
        if when == "ready":
            box.wait_for(*READY[name])
        else:
            wait_until(
                lambda: any(RUNS[name] in row[3] for row in box.processes()), 20, "the program", every=0.05
            )
        status, _ = box.stop(GRACE[name])  # after which docker kills, and the status is 137
        assert status == 0, box.logs()


def test_entrypoint(image: str) -> None:
    """An unknown role exits 64 and lists the roles; any program passes through; options are web's."""
    bogus = docker("run", "--rm", image, "bogus", check=False)
    version = docker("run", "--rm", image, "python", "-V")
    options = docker(
        "run",
        "--rm",
        "-e",
        "DEBUG=1",
        "-e",
        "DATABASE_URL=sqlite://:memory:",
        image,
        "--check-config",
        check=False,
    )

    assert bogus.returncode == 64
    assert all(
        name in bogus.stderr for name in ("web", "worker", "beat", "migrate", "shell", "manage", "check")
    )
    assert version.stdout.startswith("Python 3.")
    assert options.returncode == 0, options.stderr


def test_wrong_configuration(image: str) -> None:
    """Four mistakes, one message within 3 s, status 78, each with what to do, no traceback, no value."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    wrong = {"SECRET_KEY": "hunter2-xx", "ALOWED_HOSTS": "example.com", "CACHE_URL": "hunter2"}
    options = [item for pair in wrong.items() for item in ("-e", "=".join(pair))]
    result = docker("run", "--name", name, *CONFINED, *options, image, check=False)
    times = docker("inspect", "-f", "{{.State.StartedAt}} {{.State.FinishedAt}}", name).stdout.split()
    docker("rm", name)

    assert result.returncode == 78
    began, ended = map(datetime.fromisoformat, times)
    assert (ended - began).total_seconds() < patience(3)
    lines = {
        name: rest for name, _, rest in (line.strip().partition(": ") for line in result.stderr.splitlines())
    }
    for name, remedy in {
        "DATABASE_URL": r"is missing\. Set it, or DATABASE_HOST, .*\. Example: postgres://user:password@host:5432/name",
        "SECRET_KEY": r"is too short\. Make it 50 random characters or more\.",
        "ALLOWED_HOSTS": r"is missing\. Set it to the host names of the site, separated by commas\. Example: example\.com.* ALOWED_HOSTS is set: is it a misspelling\?",
        "CACHE_URL": r"is not a URL\. Write it as redis://host:6379/1\.",
    }.items():
        assert re.fullmatch(remedy, lines[name]), (name, lines)
    assert "Traceback" not in result.stderr
    assert "hunter2" not in result.stderr


def test_shell(image: str) -> None:
    """Without a terminal it idles; an exec, which bypasses the entrypoint, has environment and prompt."""
    with container(image, "shell", ENVIRONMENT="production", DEBUG="1") as box:
        prompt = docker("exec", "-i", box.id, "bash", "-i", "-c", 'echo "${PS1@P}"').stdout
        sh = docker("exec", box.id, "sh", "-i", "-c", 'eval "echo \\"$PS1\\""').stdout
        settings = box.exec(
            "python",
            "manage.py",
            "shell",
            "-v0",
            "-c",
            "from django.conf import settings; print(settings.ROOT_URLCONF)",
        )
        assert "[production 1.0" in prompt
        assert "[production 1.0" in sh
        assert settings.strip() == "config.urls"
        status, seconds = box.stop(10)
        assert (status, seconds < patience(5, below=10)) == (0, True)


# Programs that make code, by any of the names that Debian gives them: gcc-14, x86_64-linux-gnu-gcc-14, cc1plus, ld.bfd.
COMPILER = re.compile(
    r"(^|/)([a-z0-9_]+-linux-gnu-)?(gcc|g\+\+|cc|c\+\+|cpp|cc1|cc1plus|collect2|clang|clang\+\+|tcc|rustc|as|ld|ld\.bfd|ld\.gold|ld\.lld|make|gmake)"
    r"(-\d+(\.\d+)?)?$"
)


def test_compilers_are_known() -> None:
    """The pattern of the next test recognizes compilers by their names in Debian."""
    names = [
        "gcc",
        "gcc-12",
        "g++-14",
        "cc1",
        "cc1plus",
        "x86_64-linux-gnu-gcc",
        "aarch64-linux-gnu-g++-14",
        "cpp",
        "ld",
        "ld.bfd",
        "make",
        "clang-19",
    ]
    assert [name for name in names if not COMPILER.search(f"usr/bin/{name}")] == []
    assert not any(
        map(COMPILER.search, ("usr/bin/make-first-existing-target", "usr/lib/ld.so", "usr/share/gcc/python"))
    )


def test_layers(library: Path, tmp_path: Path) -> None:
    """No layer above the base image has a compiler, cache, repository or secret."""
    context = tmp_path / "project"
    shutil.copytree(
        ROOT / "example_project", context, ignore=shutil.ignore_patterns("media", "db.sqlite3*", ".state")
    )
    (context / ".env").write_text("SECRET_KEY=hunter2-in-dotenv\n")
    (context / ".git").mkdir()
    (context / ".git" / "config").write_text("hunter2-in-git")
    (context / "private.key").write_text("hunter2-key")
    (context / ".dockerignore").write_text("*.key\n")
    tag = build(context, library)
    try:
        forbidden = re.compile(r"(^|/)(\.git|\.env|\.cache|pip|ensurepip-[^/]*)(/|$)|\.key$|\.sqlite3")
        names = []
        for name, content in layers(tag):
            names.append(name)
            assert b"hunter2" not in content, name
            assert not forbidden.search(name) or (
                name.startswith("opt/venv/lib") and "/.env" not in name and "/.git" not in name
            ), name
        assert any(name.endswith("app/manage.py") for name in names)
        # In the base there is none either.
        names += docker(
            "run", "--rm", "--user", "0:0", tag, "find", "/", "-xdev", "-type", "f", "-o", "-type", "l"
        ).stdout.split("\n")
        assert [name for name in names if COMPILER.search(name)] == []
        history = docker("history", "--no-trunc", tag).stdout
        assert "SECRET_KEY" not in history
    finally:
        docker("rmi", "-f", tag, check=False)


def test_a_changed_file_rebuilds_no_dependency(library: Path, image: str, tmp_path: Path) -> None:
    """One changed Python file: the layers of the standard library and of the dependencies come from the cache."""
    context = tmp_path / "project"
    shutil.copytree(
        ROOT / "example_project", context, ignore=shutil.ignore_patterns("media", "db.sqlite3*", ".state")
    )
    (context / "config" / "urls.py").open("a").write("# changed\n")
    log = build(context, library, plain=True, tag="django-k8s-test:changed")
    docker("rmi", "-f", "django-k8s-test:changed", check=False)
    step = {match[1]: match[2] for match in re.finditer(r"^#(\d+) \[(.*)$", log, re.MULTILINE)}
    cached = {number for number in step if re.search(rf"^#{number} CACHED", log, re.MULTILINE)}
    dependencies = [
        number
        for number, text in step.items()
        if text.startswith(("base ", "dependencies ", "runtime "))
        and "FROM" not in text
        and "/app" not in text
        and "/opt/static" not in text
    ]

    assert dependencies
    assert [step[number] for number in dependencies if number not in cached] == []


def test_previous_release_stays_served(library: Path, image: str, tmp_path: Path) -> None:
    """PREVIOUS_IMAGE: the last release's hashed style sheet is in the new image beside the new one."""
    context = tmp_path / "project"
    shutil.copytree(
        ROOT / "example_project", context, ignore=shutil.ignore_patterns("media", "db.sqlite3*", ".state")
    )
    (context / "board" / "static" / "board" / "board.css").open("a").write("/* next release */\n")
    tag = build(context, library, "--build-arg", f"PREVIOUS_IMAGE={image}")
    manifest = (
        "import json; print(json.load(open('/opt/static/staticfiles.json'))['paths']['board/board.css'])"
    )
    old, new = (docker("run", "--rm", name, "python", "-c", manifest).stdout.strip() for name in (image, tag))
    try:
        with web_alone(tag) as web:
            assert old != new
            assert (web.status(8000, f"/static/{old}"), web.status(8000, f"/static/{new}")) == (200, 200)
    finally:
        docker("rmi", "-f", tag, check=False)
