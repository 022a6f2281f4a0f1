"""The project's settings, loaded in an interpreter: what they ask for, and what they never get."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import pytest
from support.repositories import package, repository, shop

from django_k8s.adopt.examine import Options
from django_k8s.adopt.loading import dummies
from django_k8s.adopt.loading.interpreter import present
from django_k8s.adopt.plan import Plan, plan

REQUIRED = """
import sys
if not os.environ.get("SHOP_NAME"):
    raise ValueError("SHOP_NAME is not set")
PORT = int(os.environ["SHOP_PORT"])
SIZE = int(os.environ["SHOP_THINGS"])
if "SHOP_FLAG" not in os.environ:
    sys.exit("SHOP_FLAG is needed")
OPTIONAL = os.getenv("SHOP_OPTIONAL")
"""


def planned(root: Path, files: dict[str, str]) -> Plan:
    """What init would do, with the settings loaded by the interpreter of these tests."""
    return plan(repository(root, files), {}, Options(python=sys.executable), version="1.2.3")


def test_required_variables(tmp_path: Path) -> None:
    """Each failure, of whatever kind, asks for one more variable. Variables with a default are not asked for."""
    facts = planned(tmp_path, shop(settings=REQUIRED)).facts
    by_name = {one.name: one for one in facts.variables}

    assert facts.notes == ()
    assert facts.loaded
    assert facts.value("required_variables") == [
        "SHOP_FLAG",
        "SHOP_KEY",
        "SHOP_NAME",
        "SHOP_PORT",
        "SHOP_THINGS",
    ]
    assert facts["required_variables"].confidence == "loaded"
    assert by_name["SHOP_OPTIONAL"].default
    assert by_name["SHOP_THINGS"].dummy == "1"  # the first one, a word, is no number
    assert by_name["SHOP_THINGS"].source == "shop/settings.py:19"


def test_fields_of_classes(tmp_path: Path) -> None:
    """pydantic reads all variables at once, and names fields: the message tells what to give, and what is no number."""
    settings = """
class BaseSettings:  # what matters of pydantic's
    def __init__(self):
        given = {key.lower(): value for key, value in os.environ.items()}
        for name, kind in type(self).__annotations__.items():
            if f"shop_{name}" not in given:
                raise ValueError(f"1 validation error for Config\\n{name}\\n  Field required [type=missing]")
            if kind is int and not given[f"shop_{name}"].isdigit():
                raise ValueError(f"1 validation error for Config\\n{name}\\n  Input should be a valid integer")
class Config(BaseSettings):
    model_config = dict(env_prefix="SHOP_")
    things: int
    name: str
Config()
"""
    facts = planned(tmp_path, shop(settings=settings)).facts
    by_name = {one.name: one for one in facts.variables}

    assert facts.loaded
    assert facts.value("required_variables") == ["SHOP_KEY", "SHOP_NAME", "SHOP_THINGS"]
    assert by_name["SHOP_THINGS"].dummy == "1"


def test_choice_of_the_database(tmp_path: Path) -> None:
    """The settings are loaded as they are in a pod. A variable that only seemed to choose the database is left out."""
    choice = """
if os.getenv("SHOP_STORE", "file") == "pg":
    DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql", "NAME": os.environ["SHOP_NAME"]}}
"""
    chosen = planned(tmp_path / "a", shop(settings=choice)).facts
    seeming = choice + 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3"}}\n'
    other = planned(tmp_path / "b", shop(settings=seeming)).facts

    assert chosen.value("engine_variable") == {"name": "SHOP_STORE", "value": "pg"}
    assert chosen.value("required_variables") == ["SHOP_KEY", "SHOP_NAME"]
    assert (other.value("engine_variable"), other.value("required_variables")) == (None, ["SHOP_KEY"])


def test_debug_mode_off(tmp_path: Path) -> None:
    """Values that the project may read as false are tried, and then the variables that production needs."""
    settings = """
DEBUG = {"1": True, "no": False}[os.environ.get("SHOP_DEBUG", "1")]
if not DEBUG:
    MAIL = os.environ["SHOP_MAIL"]
"""
    made = planned(tmp_path, shop(settings=settings))

    assert made.facts.value("debug_variable") == {"name": "SHOP_DEBUG", "value": "no"}
    assert made.facts.value("required_variables") == ["SHOP_KEY", "SHOP_MAIL"]
    assert 'SHOP_DEBUG: "no"' in made.texts["deploy/values.yaml"]
    assert "SHOP_DEBUG" not in made.texts["deploy/secret.env.example"]
    assert "SHOP_DEBUG" not in made.texts["deploy/compose.yaml"]


def test_stores_of_a_pod(tmp_path: Path) -> None:
    """A variable that only the build needs, because it has no database, gets a dummy and is not required in a pod."""
    settings = """
if "DATABASE_URL" in os.environ:
    DATABASES = {"default": {"ENGINE": "django.contrib.gis.db.backends.postgis", "NAME": "x"}}
else:
    DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["SHOP_DB"]}}
"""
    made = planned(tmp_path, shop(settings=settings))

    assert made.facts.value("required_variables") == ["SHOP_KEY"]
    assert made.facts.value("database_engine") == "django.contrib.gis.db.backends.postgis"
    assert "SHOP_DB=" in made.texts["deploy/build.env"]
    assert "SHOP_DB=" not in made.texts["deploy/secret.env.example"]


def test_facts_of_the_applications(tmp_path: Path) -> None:
    """Once applications are set up: the user model's fields, file fields, and whether there is a start page."""
    files = shop(
        settings="\nINSTALLED_APPS += ['people']\nAUTH_USER_MODEL = 'people.Person'\nDEFAULT_AUTO_FIELD = 'django.db.models.AutoField'\n"
    )
    files |= {
        "people/__init__.py": "",
        "people/models.py": """
from django.contrib.auth.models import AbstractUser
from django.db import models
class Base(AbstractUser):
    REQUIRED_FIELDS = ["nick"]
    class Meta:
        abstract = True
class Person(Base):
    nick = models.CharField(max_length=9)
    face = models.ImageField() if False else models.FileField()
""",
        "shop/urls.py": "urlpatterns = []\n",
    }
    facts = planned(tmp_path, files).facts

    assert facts.value("superuser_fields") == ["username", "nick"]
    assert facts.value("media") == "volume"
    assert facts["media"].source == "people.Person.face"
    assert facts.value("readiness_page") == ""


def test_what_it_may_not_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection, no environment of this process, no ignored file, no change of the project, no bytecode."""
    monkeypatch.setenv("SHOP_SECRET_OF_THIS_PROCESS", "hunter2")
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings = f"""
import socket
try:
    socket.create_connection(("127.0.0.1", {server.getsockname()[1]}), 1)
    CONNECTED = True
except OSError:
    pass
if "SHOP_SECRET_OF_THIS_PROCESS" in os.environ:
    LEAKED = True
if (BASE_DIR / ".env").exists():
    READ = True
(BASE_DIR / "made-by-settings").write_text("x")
"""
        root = repository(tmp_path, shop(settings=settings) | {".gitignore": ".env\n"})
        (root / ".env").write_text("SECRET=hunter2\n")
        before = sorted(root.rglob("*"))
        made = plan(root, {}, Options(python=sys.executable), version="1")

    assert made.facts.loaded
    assert not {"CONNECTED", "LEAKED", "READ"} & made.facts.settings.keys()
    assert sorted(path for path in root.rglob("*") if ".git/" not in str(path)) == [
        path for path in before if ".git/" not in str(path)
    ]
    assert "hunter2" not in str(made)


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        ("\nraise RuntimeError('no reason')\n", "shop/settings.py:15 raises RuntimeError: no reason"),
        (
            "\nimport not_there\n",
            "shop/settings.py:15 imports not_there, which is not installed in the project's environment",
        ),
        ("\nimport sys\nsys.exit('bye')\n", "ends the program: bye"),
        (
            "\nfrom django.core.exceptions import ImproperlyConfigured\nif len(os.environ['SHOP_X']) != 77: raise ImproperlyConfigured('SHOP_X')\n",
            "raises KeyError: 'SHOP_X'",
        ),
    ],
)
def test_failures(tmp_path: Path, settings: str, note: str) -> None:
    """Settings that cannot be loaded are one sentence, and the facts from the files remain."""
    facts = planned(tmp_path, shop(settings=settings)).facts

    assert not facts.loaded
    assert note in facts.notes[-1]
    assert facts.value("settings_module") == "shop.settings"


def test_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that never end are given up."""
    from django_k8s.adopt.loading import rounds

    monkeypatch.setattr(rounds, "_SECONDS", 3)
    facts = planned(tmp_path, shop(settings="\nimport threading\nthreading.Event().wait()\n")).facts

    assert "not loaded within 3 seconds" in facts.notes[-1]


def test_settings_for_kubernetes_are_loaded_too(tmp_path: Path) -> None:
    """The settings module that init writes is loaded too, and a failure is a note."""
    good = planned(tmp_path / "good", package(production="from .base import *\n"))
    bad = planned(tmp_path / "bad", package(production="from .base import *\nMIDDLEWARE = 7\n"))

    assert good.facts.notes == ()
    assert "could not be confirmed: shop/settings/kubernetes.py" in bad.facts.notes[-1]


class TestInterpreter:
    def test_named(self, tmp_path: Path) -> None:
        """An interpreter given with --python must be a program and have Django."""
        assert present(tmp_path, ".", sys.executable).path == sys.executable
        assert "is not a program" in present(tmp_path, ".", "/no/such/python").reason

    def test_environment_of_the_project(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The environment beside manage.py comes before the root's; one without Django does not count."""
        monkeypatch.delenv("VIRTUAL_ENV", raising=False)
        for folder in ("src/.venv", "venv"):
            (tmp_path / folder / "bin").mkdir(parents=True)
        (tmp_path / "src/.venv/bin/python").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "venv/bin/python").write_text("#!/bin/sh\nexit 0\n")
        for name in ("src/.venv", "venv"):
            (tmp_path / name / "bin/python").chmod(0o755)

        assert present(tmp_path, "src").path == str(tmp_path / "venv/bin/python")

    def test_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without an environment and without uv, a note says so."""
        monkeypatch.delenv("VIRTUAL_ENV", raising=False)
        monkeypatch.setenv("PATH", "/usr/bin:/bin")
        made = plan(repository(tmp_path, shop()), {}, Options(), version="1")

        assert "uv is not installed" in made.facts.notes[-1]


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("DATABASE_URL", "postgres://"), ("REDIS_URL", "redis://"), ("SMTP_PORT", "5432"), ("SECRET_KEY", "dummy-value"),
        ("SITE_URL", "https://"), ("DEFAULT_FROM_EMAIL", "dummy@"), ("DJANGO_ADMIN_URL", "dummy-admin/"), ("ANYTHING", "dummy"),
        ("DATABASE_DSN", "postgres://"), ("ERRORS_DSN", "https://dummy@"),
    ],
)  # fmt: skip
def test_dummies(name: str, first: str) -> None:
    """The dummy of a variable follows from its name."""
    assert dummies.values(name)[0].startswith(first)
    assert len(set(dummies.values(name))) > 5
