"""Without Celery: the example's variant where Celery is not installed, and a project that never had it."""

from __future__ import annotations

import re
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import example, without
from support.ports import free_port
from support.process import Process, environment, get, run, started, wait_until
from support.roles import ENTRYPOINT, SECRET

MODULES = """
import sys
from django.core.management import call_command
from django.test import Client
call_command("check", deploy=True)
assert Client().get("/modules", secure=True, headers={"host": "example.com"}).status_code == 200
print("imported:", sorted(name for name in sys.modules if name.partition(".")[0] in ("celery", "kombu")))
"""


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An interpreter of an environment in which Celery is not installed."""
    return without.python_without(tmp_path_factory.mktemp("without") / "venv")


@contextmanager
def running(python: str, folder: Path, *args: str, **variables: str) -> Iterator[tuple[Process, int]]:
    """`django-k8s run` until it is ready, and its port. The ports of worker and beat are taken meanwhile."""
    port = free_port()
    env = without.environment_of(python, **variables)
    command = [python, "-m", "django_k8s.cli", "run", "--port", str(port), "--dir", str(folder), *args]
    with socket.socket() as worker, socket.socket() as beat:
        for number, sock in ((2, worker), (3, beat)):
            sock.bind(("127.0.0.1", port + number))
            sock.listen()
        with started(command, env, folder.parent, folder.parent / "run.log") as process:
            process.wait_for_output(f"Ready: http://127.0.0.1:{port}/", 60)
            yield process, port


def production(folder: Path) -> dict[str, str]:
    """Production's environment, in which nothing else is left to complain about."""
    return {
        "SECRET_KEY": SECRET,
        "ALLOWED_HOSTS": "example.com",
        "DATABASE_URL": f"sqlite:///{folder}/db.sqlite3",
        "CACHE_URL": "redis://127.0.0.1:1/0",
        "STATIC_ROOT": str(folder / "static"),
    }


def test_the_example_runs_where_celery_is_not_installed(python: str, tmp_path: Path) -> None:
    """Web alone; it makes the thumbnail in the request, and the board shows neither worker, beat nor broker."""
    folder = example.copy(tmp_path / "site")
    with running(python, folder, WITH_CELERY="false") as (process, port):
        assert "worker and beat are not run: Celery is not installed." in process.output
        assert "\nworker |" not in process.output
        assert "\nbeat   |" not in process.output
        wait_until(lambda: get(port + 1, "/livez").status == 200, 30, "web's probe")

        reader = example.Reader(port)
        picture = example.picture("JPEG", (3000, 2000))
        page = reader.post("/notes", {"title": "Hill"}, image=("a.jpg", picture)).text
        assert "“Hill” is kept, with its thumbnail." in page
        for role, shown in (("web", True), ("worker", False), ("beat", False)):
            assert (f'id="role-{role}"' in page) is shown, role
        for word in ("orker", "Broker", "broker", "beat", "Recent tasks", "three roles"):
            assert word not in page, word
        assert "Everything is working" in page
        assert reader.get("/notes/1/thumbnail").headers["content-type"] == "image/webp"
        assert "beat" not in reader.get("/live").text

        page = reader.post("/notes", {"title": "Torn"}, image=("a.jpg", picture[:3000])).text
        assert "“Torn” is kept. The image is damaged and cannot be drawn. Choose another." in page

        assert process.stop(60) == 0
    assert "Traceback" not in process.output
    assert example.processes_in(folder) == []


def test_a_storage_that_is_away_loses_no_note(python: str, tmp_path: Path) -> None:
    """The thumbnail cannot be stored: the reader is told, and trying again is offered and works."""
    folder = example.copy(tmp_path / "site")
    with running(python, folder, WITH_CELERY="false") as (_, port):
        (folder / "media").mkdir()
        (folder / "media" / "thumbnails").write_text("no directory")
        reader = example.Reader(port)
        page = reader.post("/notes", {"title": "Kept"}, image=("a.png", example.picture())).text
        assert "“Kept” is kept. The media storage does not answer. Try again in a moment." in page
        assert ">Try again</button>" in page
        (folder / "media" / "thumbnails").unlink()
        page = reader.post("/notes/1/retry", {}).text
        assert "“Kept” is kept, with its thumbnail." in page


@pytest.mark.parametrize("installed", [False, True], ids=["not-installed", "installed"])
def test_the_deployment_check_says_nothing_of_celery(python: str, tmp_path: Path, installed: bool) -> None:
    """`manage.py check --deploy` of the variant, in production."""
    folder = example.copy(tmp_path / "site")
    python = sys.executable if installed else python
    env = without.environment_of(python, WITH_CELERY="false", **production(tmp_path))
    done = run([python, "manage.py", "check", "--deploy"], env, folder)
    assert done.returncode == 0, done.stderr
    for word in ("elery", "broker", "worker", "CELERY"):
        assert word not in done.stdout + done.stderr


def test_the_settings_with_celery_say_that_it_is_not_installed(python: str, tmp_path: Path) -> None:
    """One sentence and 78, where the variant was not chosen."""
    folder = example.copy(tmp_path / "site")
    done = run([python, "manage.py", "check"], without.environment_of(python, DEBUG="true"), folder)
    assert done.returncode == 78
    assert "Celery is not installed" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_variant_runs_web_alone_where_celery_is_installed(tmp_path: Path) -> None:
    """There is an application, but no broker: worker and beat are left out, and the reason is said."""
    folder = example.copy(tmp_path / "site")
    with running(sys.executable, folder, WITH_CELERY="false") as (process, _):
        reason = "the Celery application config.celery:app has no broker."
        assert f"worker and beat are not run: {reason}" in process.output


@pytest.mark.parametrize("role", ["worker", "beat"])
def test_an_application_without_a_broker_does_not_start(tmp_path: Path, role: str) -> None:
    """Celery would look for a RabbitMQ on this machine, for ever: one sentence and 78 instead."""
    folder = example.copy(tmp_path / "site")
    env = environment(
        DEBUG="true", DJANGO_SETTINGS_MODULE="config.settings", WITH_CELERY="false", PROBE_PORT="0"
    )
    done = run(["/bin/sh", ENTRYPOINT, role], {**env, "STATE_DIR": str(tmp_path / "state")}, folder)
    assert done.returncode == 78
    assert "django-k8s: the Celery application config.celery:app has no broker. Write" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_project_without_celery_runs_web_alone_and_does_not_import_it(tmp_path: Path) -> None:
    """Celery is installed, and the project has no application: a request later web has not imported it."""
    folder = without.shop(tmp_path / "site")
    with running(sys.executable, folder) as (process, port):
        assert (
            "worker and beat are not run: the project has no Celery application: there is none in shop, "
            "shop.celery or shop.celery_app. If there is one elsewhere, name its module with CELERY_APP."
        ) in process.output
        assert get(port, "/readyz").status == 200
        modules = get(port, "/modules").json()
        assert "django_k8s.middleware.kubernetes" in modules
        assert [name for name in modules if name.partition(".")[0] in ("celery", "kombu")] == []


def test_management_commands_do_not_import_celery(tmp_path: Path) -> None:
    """manage.py, the deployment check and a request of a project that does not use Celery."""
    folder = without.shop(tmp_path / "site")
    done = run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", MODULES],
        environment(LOG_LEVEL="ERROR", **production(tmp_path)),
        folder,
    )
    assert done.returncode == 0, done.stderr
    assert "imported: []" in done.stdout


@pytest.mark.parametrize(
    ("installed", "reason"),
    [
        (
            False,
            "Celery is not installed. If the project uses it, add the extra: django-k8s-toolkit[worker].",
        ),
        (
            True,
            "the project has no Celery application: there is none in shop, shop.celery or shop.celery_app.",
        ),
    ],
    ids=["not-installed", "no-application"],
)
def test_a_health_check_of_the_broker_is_refused(
    python: str, tmp_path: Path, installed: bool, reason: str
) -> None:
    """READINESS_CHECKS names the broker: every role ends with 78 and one sentence. So does a wait for it."""
    folder = without.shop(tmp_path / "site")
    python = sys.executable if installed else python
    env = without.environment_of(python, DJANGO_SETTINGS_MODULE="shop.settings", **production(tmp_path))
    env["STATE_DIR"], env["PROBE_PORT"] = str(tmp_path / "state"), "0"
    for args in (["web"], ["migrate"], ["check"]):
        done = run(["/bin/sh", ENTRYPOINT, *args], {**env, "READINESS_CHECKS": "database,broker"}, folder)
        assert done.returncode == 78, (args, done.stdout, done.stderr)
        assert f"django-k8s: READINESS_CHECKS names broker, but {reason}" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr
    done = run(["/bin/sh", ENTRYPOINT, "wait", "broker"], env, folder)
    assert done.returncode == 78
    assert f"There is no broker to wait for: {reason}" in done.stderr


@pytest.mark.parametrize(
    ("args", "variables", "message"),
    [
        (["--only", "web,worker"], {}, "worker cannot be run: the project has no Celery application"),
        (["--only", "worker", "--only", "beat"], {}, "worker and beat cannot be run: the project has no"),
        ([], {"CELERY_APP": "shop.tasks"}, "worker and beat cannot be run: there is no Celery application at shop.tasks"),
    ],
    ids=["one-of-two", "both", "misnamed"],
)  # fmt: skip
def test_a_role_that_the_project_lacks_cannot_be_chosen(
    tmp_path: Path, args: list[str], variables: dict[str, str], message: str
) -> None:
    """One line, status 78, and nothing was started."""
    folder = without.shop(tmp_path / "site")
    command = [sys.executable, "-m", "django_k8s.cli", "run", "--port", str(free_port()), *args]
    done = run(command, environment(**variables), folder)
    assert done.returncode == 78
    assert done.stdout == ""
    assert done.stderr.startswith(f"django-k8s run: {message}")
    assert done.stderr.count("\n") == 1
    assert not (folder / "db.sqlite3").exists()


def test_ctrl_c_while_the_application_is_looked_for(tmp_path: Path) -> None:
    """A project that takes long to import: the search ends at once, and nothing is left of it."""
    folder = without.shop(tmp_path / "site")
    (folder / "shop" / "celery.py").write_text(
        "import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(600)\n"
    )
    command = [sys.executable, "-m", "django_k8s.cli", "run", "--port", str(free_port())]
    with started(command, environment(), folder, tmp_path / "log") as process:
        wait_until((folder / "begun").exists, 30, "the search")
        process.signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert "Traceback" not in process.output
        assert example.processes_in(folder) == []


def test_gunicorn_is_needed_for_web_only(tmp_path: Path) -> None:
    """Not installed, it is one line for web; worker and beat do without."""
    python = without.python_without(tmp_path / "venv", ("gunicorn",))
    folder = example.copy(tmp_path / "site")
    command = [python, "-m", "django_k8s.cli", "run", "--port", str(free_port())]
    done = run(command, without.environment_of(python), folder)
    assert done.returncode == 69
    assert (
        done.stderr == "django-k8s run: gunicorn is not installed: pip install 'django-k8s-toolkit[web]'.\n"
    )
    with started(
        [*command, "--only", "worker"], without.environment_of(python), folder, tmp_path / "log"
    ) as process:
        process.wait_for_output("Ready: worker. Ctrl-C stops everything.", 60)
        assert process.stop(60) == 0


def test_a_copy_stays_without_celery(python: str, tmp_path: Path) -> None:
    """What docs/how-to/without-celery.md says, done: a request and the checks succeed."""
    folder = example.copy(tmp_path / "site")
    settings = folder / "config" / "settings.py"
    text, count = re.subn(
        r"^WITH_CELERY = .*\nif WITH_CELERY:\n(    .*\n)+", "WITH_CELERY = False\n", settings.read_text(), flags=re.MULTILINE
    )  # fmt: skip
    assert count == 1
    settings.write_text(text)
    (folder / "config" / "celery.py").unlink()
    (folder / "board" / "tasks.py").unlink()
    env = without.environment_of(python, DEBUG="true", LOG_LEVEL="ERROR")
    request = "from django.test import Client; print(Client().get('/').status_code)"
    for args in (["check"], ["migrate", "-v0"], ["shell", "-v0", "-c", request]):
        done = run([python, "manage.py", *args], env, folder)
        assert done.returncode == 0, done.stderr
    assert "200" in done.stdout
