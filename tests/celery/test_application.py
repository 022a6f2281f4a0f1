"""Finding the Celery application of a project, and what is said where there is none."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from subprocess import CompletedProcess

import pytest
from support.process import environment, run

APP = "from celery import Celery\n{name} = Celery('made')\n"
FIND = """
from django_k8s.celery.application import NoApplication, find
try:
    print(find().name)
except NoApplication as error:
    print(error)
"""


def project(folder: Path, files: Mapping[str, str]) -> Path:
    """A project of these files; every folder of them is a package."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        for parent in path.relative_to(folder).parents[:-1]:
            (folder / parent / "__init__.py").touch()
        path.write_text(text)
    return folder


def python(folder: Path, *args: str, **variables: str) -> CompletedProcess[str]:
    return run([sys.executable, *args], environment(PYTHONPATH=str(folder), **variables), folder)


@pytest.mark.parametrize(
    ("files", "settings", "name"),
    [
        ({"shop/celery.py": APP.format(name="app")}, "shop.settings", "shop.celery:app"),
        ({"shop/celery.py": APP.format(name="celery_app")}, "shop.settings", "shop.celery:celery_app"),
        ({"config/celery.py": APP.format(name="app")}, "config.settings.production", "config.celery:app"),
        ({"shop/config/celery.py": APP.format(name="app")}, "shop.config.settings", "shop.config.celery:app"),
        ({"config/celery_app.py": APP.format(name="app")}, "config.settings", "config.celery_app:app"),
        (
            {
                "config/__init__.py": "from .celery_app import app as celery_app\n",
                "config/celery_app.py": APP.format(name="app"),
            },
            "config.settings.production",
            "config:celery_app",
        ),
        ({"shop/__init__.py": APP.format(name="app")}, "shop.settings", "shop:app"),
        (
            {"shop/__init__.py": APP.format(name="other"), "shop/celery.py": APP.format(name="app")},
            "shop.settings",
            "shop.celery:app",
        ),
        ({"settings.py": APP.format(name="app")}, "settings", "settings:app"),
    ],
    ids=[
        "module",
        "any name",
        "settings package",
        "nested",
        "celery_app",
        "exported",
        "package",
        "both",
        "flat",
    ],
)
def test_found_by_the_settings_module(
    tmp_path: Path, files: Mapping[str, str], settings: str, name: str
) -> None:
    """In the layouts that projects have, nobody has to name the application."""
    done = python(project(tmp_path, files), "-c", FIND, DJANGO_SETTINGS_MODULE=settings)

    assert done.stdout == f"{name}\n", done.stderr


@pytest.mark.parametrize(
    ("named", "name"),
    [
        ("jobs", "jobs.celery:app"),
        ("jobs.celery", "jobs.celery:app"),
        ("jobs.celery:app", "jobs.celery:app"),
        ("jobs.celery.app", "jobs.celery:app"),
        ("jobs.main:holder.app", "jobs.main:holder.app"),
    ],
)
def test_found_by_its_name(tmp_path: Path, named: str, name: str) -> None:
    """CELERY_APP accepts everything that ``celery -A`` accepts."""
    files = {
        "jobs/celery.py": APP.format(name="app"),
        "jobs/main.py": f"{APP.format(name='app')}import types\nholder = types.SimpleNamespace(app=app)\ndel app\n",
        "shop/celery.py": APP.format(name="app"),
    }
    done = python(
        project(tmp_path, files), "-c", FIND, CELERY_APP=named, DJANGO_SETTINGS_MODULE="shop.settings"
    )

    assert done.stdout == f"{name}\n", done.stderr


@pytest.mark.parametrize("named", ["nowhere", "shop", "shop.settings:app", "shop.settings.app"])
def test_name_without_an_application(tmp_path: Path, named: str) -> None:
    """A wrong CELERY_APP is said to be wrong."""
    done = python(project(tmp_path, {"shop/settings.py": ""}), "-c", FIND, CELERY_APP=named)

    assert done.stdout.startswith(f"there is no Celery application at {named}, which CELERY_APP names."), done


def test_looking_does_not_load_the_settings(tmp_path: Path) -> None:
    """The search for the application evaluates no lazy object of a module, such as the settings."""
    files = {
        "shop/__init__.py": "from django.conf import settings\n",
        "shop/celery.py": f"from django.conf import settings\n{APP.format(name='main')}",
        "shop/settings.py": "raise RuntimeError('loaded')\n",
    }
    done = python(project(tmp_path, files), "-c", FIND, DJANGO_SETTINGS_MODULE="shop.settings")

    assert done.stdout == "shop.celery:main\n", done.stderr


@pytest.mark.parametrize("role", ["worker", "beat"])
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        (
            {"DJANGO_SETTINGS_MODULE": "shop.settings"},
            "the project has no Celery application: there is none in shop, shop.celery or shop.celery_app.",
        ),
        ({}, "neither CELERY_APP nor DJANGO_SETTINGS_MODULE is set."),
        ({"CELERY_APP": "nowhere"}, "there is no Celery application at nowhere, which CELERY_APP names."),
    ],
    ids=["no application", "no settings", "wrong name"],
)
def test_roles_of_a_project_without_celery(
    tmp_path: Path, role: str, variables: dict[str, str], said: str
) -> None:
    """In a project without Celery, worker and beat end with status 78 and one line that says what to do."""
    folder = project(tmp_path, {"shop/settings.py": ""})
    done = python(folder, "-m", "django_k8s.celery", role, **variables)

    assert done.returncode == 78
    assert done.stderr.startswith(f"django-k8s: {said}"), done.stderr
    assert done.stderr.endswith(f" A project without Celery does not run the role {role}.\n")
    assert done.stderr.count("\n") == 1


def test_role_where_celery_is_not_installed(tmp_path: Path) -> None:
    """Without Celery installed, a Celery role ends with status 78 and one line."""
    hidden = "import sys; sys.modules['celery'] = None; from django_k8s.celery.__main__ import main; sys.exit(main(['worker']))"
    done = python(tmp_path, "-c", hidden, DJANGO_SETTINGS_MODULE="shop.settings")

    assert done.returncode == 78, done.stderr
    assert done.stderr.startswith("django-k8s: Celery is not installed.")
    assert done.stderr.count("\n") == 1


def test_error_in_the_project_is_not_hidden(tmp_path: Path) -> None:
    """An import error in a module of the project is not reported as a missing application."""
    files = {"shop/celery.py": "import something_that_nobody_has\n"}
    done = python(
        project(tmp_path, files), "-m", "django_k8s.celery", "beat", DJANGO_SETTINGS_MODULE="shop.settings"
    )

    assert done.returncode == 1
    assert "No module named 'something_that_nobody_has'" in done.stderr
    assert "has no Celery application" not in done.stderr


@pytest.mark.parametrize("option", ["-B", "--beat"])
def test_beat_inside_a_worker_is_refused(tmp_path: Path, option: str) -> None:
    """worker -B is refused, because each worker would publish the whole schedule."""
    done = python(tmp_path, "-m", "django_k8s.celery", "worker", option)

    assert done.returncode == 64
    assert done.stderr == (
        "django-k8s: worker -B would publish the schedule once for each worker. Run the role beat instead.\n"
    )


def test_nothing_of_ours_imports_celery(tmp_path: Path) -> None:
    """In a project without Celery no process imports it: not at the start, not in checks, not in settings."""
    settings = (
        "from django_k8s import Env, settings as k8s\n"
        "env = Env('.')\nDEBUG = env.debug\nSECRET_KEY = 'k' * 50\n"
        "DATABASES = {'default': k8s.database(env)}\nINSTALLED_APPS = ['django_k8s']\n"
        "MIDDLEWARE = ['django_k8s.middleware.KubernetesMiddleware']\nDJANGO_K8S = k8s.config(env)\n"
    )
    code = (
        "import sys, django; django.setup()\n"
        "from django.core.management import call_command; call_command('check', deploy=True)\n"
        "print(sorted(name for name in sys.modules if name.partition('.')[0] in ('celery', 'kombu')))\n"
    )
    folder = project(tmp_path, {"shop/settings.py": settings})
    done = python(folder, "-c", code, DJANGO_SETTINGS_MODULE="shop.settings", DEBUG="true")

    assert done.stdout.splitlines()[-1] == "[]", done.stderr


def test_roles_do_not_load_the_interactive_mode(tmp_path: Path) -> None:
    """The library for ``celery amqp`` is a tenth of a worker's memory. Whoever imports it later gets it."""
    code = (
        "import sys\nfrom django_k8s.celery.__main__ import _command\n_command()\n"
        "print([name for name in ('click_repl', 'prompt_toolkit', 'wcwidth') if name in sys.modules])\n"
        "import click_repl\nprint(click_repl.__file__ is None)\n"
    )
    done = python(tmp_path, "-c", code)

    assert done.stdout == "[]\nFalse\n", done.stderr


def test_a_release_of_celery_that_needs_more_of_it(tmp_path: Path) -> None:
    """It gets the library itself, and the roles start."""
    files = {"click_repl.py": "def register_repl(group): pass\nsomething_new = 1\n"}
    code = (
        "import sys, importlib\nfrom django_k8s.celery import __main__ as role\n"
        "class Newer:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'celery.bin.amqp':\n"
        "            from click_repl import something_new\n"
        "sys.meta_path.insert(0, Newer())\n"
        "print(callable(role._command()))\n"
    )
    folder = tmp_path / "newer"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    done = python(folder, "-c", code)

    assert done.stdout == "True\n", done.stderr
