"""``settings.CELERY`` lies below whatever the project sets, wherever it sets it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from support.process import environment, run

SETTINGS = """
from django_k8s import Env
from django_k8s import settings as k8s

env = Env(__file__.rpartition("/")[0])
DEBUG = env.debug
SECRET_KEY = "k" * 50
TIME_ZONE = "Europe/Berlin"
DATABASES = {{"default": k8s.database(env)}}
INSTALLED_APPS = ["django_k8s"]
MIDDLEWARE = ["django_k8s.middleware.KubernetesMiddleware"]
CELERY = k8s.celery(env)
{more}
DJANGO_K8S = k8s.config(env)
"""
CELERY = """
from celery import Celery

app = Celery("shop"{arguments})
app.config_from_object("django.conf:settings", namespace="CELERY")
{more}
"""
PRINT = """
import json, sys
from shop.celery import app
conf = app.conf
with app.connection_for_read() as reading, app.connection_for_write() as writing:
    hosts = [f"{one.transport_cls}:{one.hostname}/{one.virtual_host}:{one.password}" for one in (reading, writing)]
    options = writing.transport_options
print(json.dumps({
    "hosts": sorted(set(hosts)), "options": options, "backend": conf.result_backend, "tls": bool(conf.get("redis_backend_use_ssl")),
    "prefetch": conf.worker_prefetch_multiplier, "scheduler": str(conf.beat_scheduler), "heartbeat": conf.broker_heartbeat,
    "timezone": str(app.timezone), "reuse": conf.get("CELERY_DB_REUSE_MAX"), "ignore": conf.task_ignore_result,
    "serializer": conf.task_serializer,
}))
"""
OURS = "redis://:p#/w@ours:6379/0"
THEIRS = {"broker_url": "redis://theirs:6379/2", "worker_prefetch_multiplier": 4, "beat_scheduler": "shop.beat:Own", "result_backend": "django-db", "broker_transport_options": {"visibility_timeout": 7}}  # fmt: skip
OLD = {"BROKER_URL": "broker_url", "CELERYD_PREFETCH_MULTIPLIER": "worker_prefetch_multiplier", "CELERYBEAT_SCHEDULER": "beat_scheduler", "CELERY_RESULT_BACKEND": "result_backend", "BROKER_TRANSPORT_OPTIONS": "broker_transport_options"}  # fmt: skip


def configured(folder: Path, settings: str = "", celery: str = "", arguments: str = "", start: str = "", **variables: str) -> dict[str, Any]:  # fmt: skip
    """What the application of a project does in a process that publishes."""
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").touch()
    (folder / "shop" / "settings.py").write_text(SETTINGS.format(more=settings))
    (folder / "shop" / "celery.py").write_text(CELERY.format(more=celery, arguments=arguments))
    (folder / "shop" / "conf.py").write_text("".join(f"{name} = {THEIRS[name]!r}\n" for name in THEIRS))
    env = environment(
        **{"DJANGO_SETTINGS_MODULE": "shop.settings", "PYTHONPATH": str(folder), "DEBUG": "true", "REDIS_URL": OURS, **variables}
    )  # fmt: skip
    done = run([sys.executable, "-c", (start or "import django; django.setup()") + PRINT], env, folder)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def assignments(prefix: str, names: dict[str, Any] = THEIRS) -> str:
    return "\n".join(f"{prefix}{name.upper()} = {value!r}" for name, value in names.items())


def test_nothing_set(tmp_path: Path) -> None:
    """The environment says where the broker is and how it fails; the rest is Celery's and Django's."""
    found = configured(tmp_path)

    assert found["hosts"] == ["redis:ours/0:p#/w"]
    assert found["options"]["socket_timeout"] == 5
    assert found["prefetch"] == 1
    assert found["scheduler"] == "django_k8s.celery.beat.scheduler:Scheduler"
    assert found["reuse"] == 1000
    assert (found["timezone"], found["ignore"], found["serializer"]) == ("Europe/Berlin", False, "json")


@pytest.mark.parametrize(
    "where",
    [
        {"settings": assignments("CELERY_")},
        {"celery": f"app.conf.update({THEIRS!r})"},
        {"celery": "".join(f"app.conf.{name} = {value!r}\n" for name, value in THEIRS.items())},
        {"celery": f"app.conf.broker_url\napp.conf.update({THEIRS!r})"},
        {"celery": "app.config_from_object('shop.conf')\napp.namespace = None"},
        {
            "settings": "".join(f"{old} = {THEIRS[new]!r}\n" for old, new in OLD.items()),
            "celery": "app.config_from_object('django.conf:settings')\napp.namespace = None",
        },
        {
            "arguments": f", broker={THEIRS['broker_url']!r}, backend='django-db'",
            "settings": assignments("CELERY_", {n: v for n, v in THEIRS.items() if "url" not in n and "backend" not in n}),
        },
    ],
    ids=["settings", "update", "attributes", "after it was read", "module", "old names", "arguments"],
)  # fmt: skip
def test_the_project_wins(tmp_path: Path, where: dict[str, str]) -> None:
    """The project's settings win wherever they are set. Transport options are merged, and our broker is not used."""
    found = configured(tmp_path, **where)

    assert found["hosts"] == ["redis:theirs/2:None"]
    assert found["options"]["visibility_timeout"] == 7
    assert found["options"]["socket_timeout"] == 5
    assert (found["backend"], found["prefetch"], found["scheduler"]) == ("django-db", 4, "shop.beat:Own")


def test_a_broker_of_another_kind(tmp_path: Path) -> None:
    """What fits our broker alone does not go to the project's."""
    found = configured(
        tmp_path, "CELERY_BROKER_URL = 'redis://theirs/2'", REDIS_URL="", CELERY_BROKER_URL_FILE=str(named(tmp_path, "amqp://ours//"))
    )  # fmt: skip

    assert found["hosts"] == ["redis:theirs/2:None"]
    assert found["options"] == {}
    assert found["heartbeat"] == 120


def named(folder: Path, text: str) -> Path:
    path = folder / "value"
    path.write_text(text)
    return path


def test_broker_of_the_process_environment(tmp_path: Path) -> None:
    """As in plain Celery CELERY_BROKER_URL wins over the settings; its password may hold anything."""
    found = configured(
        tmp_path, "CELERY_BROKER_URL = 'redis://theirs/2'", REDIS_URL="", CELERY_BROKER_URL=OURS
    )

    assert found["hosts"] == ["redis:ours/0:p#/w"]


def test_results(tmp_path: Path) -> None:
    """TLS options go with the backend that they are for."""
    ours = configured(tmp_path, CELERY_RESULT_BACKEND="rediss://r/1")

    assert (ours["backend"], ours["tls"]) == ("rediss://r/1", True)


def test_results_of_the_project(tmp_path: Path) -> None:
    """A backend that the project names keeps results, and gets none of our TLS options."""
    found = configured(
        tmp_path, "CELERY_RESULT_BACKEND = 'redis://theirs/1'", REDIS_URL=OURS, CELERY_RESULT_BACKEND_FILE=str(named(tmp_path, "rediss://r/1"))
    )  # fmt: skip

    assert (found["backend"], found["tls"], found["ignore"]) == ("redis://theirs/1", False, False)


def test_commands_without_django(tmp_path: Path) -> None:
    """``celery -A shop inspect`` makes no Django app ready, and reaches the broker all the same."""
    assert configured(tmp_path, start="pass")["hosts"] == ["redis:ours/0:p#/w"]


def test_tasks_alone_publish_to_our_broker(tmp_path: Path) -> None:
    """A project whose package does not import its application: a shared task finds it, not a broker on localhost."""
    start = (
        "import django; django.setup()\n"
        "import celery; assert celery.current_app.main == 'shop', celery.current_app\n"
    )
    assert configured(tmp_path, start=start)["hosts"] == ["redis:ours/0:p#/w"]


def test_override_settings(tmp_path: Path) -> None:
    """Tests may override CELERY, as they override any setting."""
    start = (
        "import django; django.setup()\n"
        "from django.test import override_settings\n"
        "from shop.celery import app; app.conf.worker_prefetch_multiplier\n"
        "override_settings(CELERY={'broker_url': 'redis://test/0', 'worker_prefetch_multiplier': 9}).enable()\n"
    )
    found = configured(tmp_path, start=start)

    assert (found["hosts"], found["prefetch"]) == (["redis:test/0:None"], 9)


@pytest.mark.parametrize(("source", "winner"), [("process", "ours"), (".env", "theirs")])
def test_source_decides(tmp_path: Path, source: str, winner: str) -> None:
    """In the process environment both variables win over the project, because Celery reads them; from .env they do not."""
    variables = {"CELERY_BROKER_URL": "redis://ours:6379/0", "CELERY_RESULT_BACKEND": "redis://ours:6379/1"}
    (tmp_path / "shop.env").write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
    given = variables if source == "process" else {"ENV_FILE": str(tmp_path / "shop.env")}
    project = 'CELERY_BROKER_URL = "redis://theirs:6379/0"\nCELERY_RESULT_BACKEND = "redis://theirs:6379/1"\n'
    found = configured(tmp_path, project, **given)

    assert [f"redis:{winner}/0" in host for host in found["hosts"]] == [True]
    assert found["backend"] == f"redis://{winner}:6379/1"
