"""Production fails closed: an incomplete configuration ends every role with 78, and nothing answers."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest
from support.patience import Limit
from support.ports import free_port
from support.process import answers, environment, run, started
from support.roles import ENTRYPOINT
from support.web import PROJECT, production

COMPLETE = (PROJECT / "project" / "settings.py").read_text()
LAST = "DJANGO_K8S = k8s.config(env)\n"
LINES = {
    "SECRET_KEY": "SECRET_KEY = k8s.secret_key(env)\n",
    "ALLOWED_HOSTS": "ALLOWED_HOSTS = k8s.allowed_hosts(env)\n",
    "DATABASES": 'DATABASES = {"default": k8s.database(env)}\n',
}
VARIABLES = {"SECRET_KEY": "SECRET_KEY", "ALLOWED_HOSTS": "ALLOWED_HOSTS", "DATABASES": "DATABASE_URL"}
ROLES = ["web", "worker", "beat", "migrate", "wait", "manage", "check"]


def site(folder: Path, settings: str) -> Path:
    """The test project in ``folder`` with this settings module."""
    for name in ("manage.py", "project/__init__.py", "project/celery.py", "project/wsgi.py", "project/asgi.py",
                 "project/urls.py", "project/views.py", "project/tasks.py"):  # fmt: skip
        target = folder / name
        target.parent.mkdir(exist_ok=True)
        target.write_text((PROJECT / name).read_text())
    (folder / "project" / "settings.py").write_text(settings)
    return folder


def swallowed(name: str) -> str:
    """Settings in which the line of ``name`` raised an exception that something swallowed."""
    line = LINES[name]
    assert line in COMPLETE
    return COMPLETE.replace(line, f"try:\n    raise OSError\n    {line}except OSError:\n    pass\n")


def refused(folder: Path, *args: str, **changes: str) -> str:
    """What a role prints that must end with 78 and never answer on its port."""
    port = free_port()
    env = production(
        PYTHONPATH=str(folder), DATABASE_URL=f"sqlite:///{folder}/db.sqlite3", CELERY_BROKER_URL="memory://",
        PORT=str(port), PROBE_PORT="0", STATE_DIR=str(folder / "state"),
    )  # fmt: skip
    env = {name: value for name, value in {**env, **changes}.items() if value}
    log, limit = folder / "log", Limit(15)
    with started(["/bin/sh", ENTRYPOINT, *args], env, folder, log) as process:
        while process.running():
            assert not answers(port, "/livez", timeout=0.2)
            assert not limit.over(), f"it still runs after {limit}: {process.output}"
        assert process.wait(1) == 78, process.output
        assert "Traceback" not in process.output
        return process.output


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
@pytest.mark.parametrize("setting", LINES)
def test_missing_variable(tmp_path: Path, setting: str, interface: str) -> None:
    """Each required variable is named in the message."""
    variable = VARIABLES[setting]
    output = refused(site(tmp_path, COMPLETE), "web", WEB_INTERFACE=interface, **{variable: ""})

    assert f"  {variable}: is missing." in output


@pytest.mark.parametrize("setting", LINES)
def test_swallowed_exception(tmp_path: Path, setting: str) -> None:
    """A settings module that went on without a setting does not serve."""
    output = refused(site(tmp_path, swallowed(setting)), "web")

    assert f"Write {setting} = " in output


@pytest.mark.parametrize(
    "last",
    ["", "DJANGO_K8S = None\n", f"try:\n    {LAST}except SystemExit:\n    pass\n"],
    ids=["forgotten", "none", "swallowed"],
)
@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_no_configuration(tmp_path: Path, last: str, interface: str) -> None:
    """Without k8s.config(env) there is no site, even if nothing else is wrong."""
    settings = COMPLETE.replace(LAST, last)
    variables = {"SECRET_KEY": ""} if "try" in last else {}
    output = refused(site(tmp_path, settings), "web", WEB_INTERFACE=interface, **variables)

    assert (
        "SECRET_KEY: is missing." in output if variables else "Write DJANGO_K8S = k8s.config(env)" in output
    )


@pytest.mark.parametrize(
    "more", ['env.str("SHOP_NAME")\n', 'Env(BASE_DIR).str("SHOP_NAME")\n'], ids=["late", "another"]
)
def test_mistake_that_config_does_not_see(tmp_path: Path, more: str) -> None:
    """What is read after DJANGO_K8S, or by an Env of its own below it, is reported by the gate."""
    settings = f"{COMPLETE}{more}" if more.startswith("env") else COMPLETE.replace(LAST, f"{more}{LAST}")
    output = refused(site(tmp_path, settings), "web")

    assert output.count("  SHOP_NAME: is missing. This project needs it.") == 1
    assert output.rstrip().endswith("On a development machine, set DEBUG=true, for example in .env.")


def test_debug_mode_by_itself(tmp_path: Path) -> None:
    """Debug mode that the environment did not ask for, as in a development module below, does not serve."""
    settings = COMPLETE.replace("DEBUG = env.debug\n", "DEBUG = True\n")
    assert settings != COMPLETE

    assert "Write DEBUG = env.debug there." in refused(site(tmp_path, settings), "web")


@pytest.mark.parametrize("middleware", ["KubernetesMiddleware", "health.HealthMiddleware", ""])
def test_forgotten_app(tmp_path: Path, middleware: str) -> None:
    """Without the app nothing calls its gate, so the middleware and the server do."""
    settings = COMPLETE.replace('"django_k8s",', "").replace(
        'INSTALLED_APPS = ["django_k8s", ', "INSTALLED_APPS = ["
    )
    first = '"django_k8s.middleware.KubernetesMiddleware",'
    assert first in settings
    assert '"django_k8s"' not in settings
    settings = settings.replace(
        first, first.replace("KubernetesMiddleware", middleware) if middleware else ""
    )

    assert "django_k8s is not in INSTALLED_APPS" in refused(site(tmp_path, settings), "web")


@pytest.mark.parametrize("role", ROLES)
def test_every_role(tmp_path: Path, role: str) -> None:
    """No role runs without a configuration; each says why."""
    folder = site(tmp_path, COMPLETE.replace(LAST, ""))
    args = [role, *(["check"] if role == "manage" else [])]

    assert "DJANGO_K8S is not configured" in refused(folder, *args)


def test_the_complete_configuration_passes(tmp_path: Path) -> None:
    """The same site with its last line works, so the tests above refuse nothing else."""
    folder = site(tmp_path, COMPLETE)
    env = production(PYTHONPATH=str(folder), DATABASE_URL=f"sqlite:///{folder}/db.sqlite3")
    done = run([sys.executable, "manage.py", "check"], env, folder)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("role", ["web", "worker", "migrate"])
def test_build_phase_of_a_file_starts_no_role(tmp_path: Path, role: str) -> None:
    """BUILD_PHASE in a .env that the entrypoint does not see: the key is a built-in one, so no role starts."""
    folder = site(
        tmp_path, COMPLETE.replace("= Path(__file__).resolve().parent.parent", "= Path(__file__).parent")
    )
    (folder / "project" / ".env").write_text("BUILD_PHASE=1\n")

    assert "BUILD_PHASE is on" in refused(folder, role, SECRET_KEY="")


@pytest.mark.parametrize("interface", ["wsgi", "asgi"])
def test_build_phase_starts_no_server(tmp_path: Path, interface: str) -> None:
    """gunicorn by itself has no ROLE, and does not serve either."""
    folder = site(tmp_path, COMPLETE)
    env = environment(
        PYTHONPATH=str(folder), DJANGO_SETTINGS_MODULE="project.settings", BUILD_PHASE="1", WEB_INTERFACE=interface,
        PORT=str(free_port()),
    )  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "-c", "python:django_k8s.gunicorn.configuration"]
    with started(command, env, folder, folder / "log") as process:
        while process.running():
            assert "Listening" not in process.output
            time.sleep(0.05)
        assert process.wait(1) == 78, process.output
        assert "BUILD_PHASE is on" in process.output


def test_build_phase_passes(tmp_path: Path) -> None:
    """An image is built without any secret, host or database."""
    folder = site(tmp_path, COMPLETE)
    env = environment(PYTHONPATH=str(folder), DJANGO_SETTINGS_MODULE="project.settings", BUILD_PHASE="1")
    done = run([sys.executable, "manage.py", "check"], env, folder)

    assert done.returncode == 0, done.stderr
