"""The files that init writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from support.process import environment, run
from support.repositories import add, package, repository, shop

from django_k8s.adopt import record
from django_k8s.adopt.detect import detect
from django_k8s.adopt.render import docker, render, settings
from django_k8s.adopt.render.yaml import Comment, dump
from django_k8s.environment.assets import assets

CELERY = {
    "shop/celery.py": "from celery import Celery\napp = Celery('shop')\napp.config_from_object('django.conf:settings', namespace='CELERY')\n",
    "requirements.txt": "django==5.2\ncelery==5.6\nredis==5\npsycopg[binary]==3.2\n",
}
EVERYTHING = """
ALLOWED_HOSTS = ["shop.example"]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://localhost:6379/1"}}
CELERY_BROKER_URL = "redis://localhost:6379/2"
CELERY_RESULT_BACKEND = "django-db"
LOGGING = {"version": 1}
MEDIA_ROOT = BASE_DIR / "media"
STATIC_ROOT = BASE_DIR / "static"
SECURE_SSL_REDIRECT = True
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_NAME = "__Secure-session"
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
env = overlay = k8s = Env = lambda: None
"""


def text_of(root: Path, files: dict[str, str]) -> tuple[str, str]:
    """The settings for Kubernetes of a project: the path and the text."""
    facts = detect(repository(root, files))
    return settings.module(facts).path, settings.render(facts)


class TestSettings:
    @pytest.mark.parametrize(
        ("files", "path", "imported"),
        [
            (shop(), "shop/settings_kubernetes.py", "from .settings import *"),
            (shop("src"), "src/shop/settings_kubernetes.py", "from .settings import *"),
            (
                package(production="from .base import *\n"),
                "shop/settings/kubernetes.py",
                "from .production import *",
            ),
            (
                {
                    "manage.py": shop()["manage.py"].replace("shop.settings", "settings"),
                    "settings.py": shop()["shop/settings.py"],
                },
                "settings_kubernetes.py",
                "from settings import *",
            ),
            (
                {
                    "manage.py": shop()["manage.py"],
                    "shop/settings/__init__.py": "from .base import *\n",
                    "shop/settings/base.py": shop()["shop/settings.py"],
                },
                "shop/settings/kubernetes.py",
                "from shop.settings import *",
            ),
        ],
    )
    def test_where(self, tmp_path: Path, files: dict[str, str], path: str, imported: str) -> None:
        """The module for Kubernetes is beside a settings file, or in a settings package."""
        found, text = text_of(tmp_path, files)

        assert found == path
        assert imported in text

    def test_lines(self, tmp_path: Path) -> None:
        """A setting that the project does not have gets no line, or the line for new projects."""
        _, few = text_of(tmp_path / "few", shop())
        _, many = text_of(tmp_path / "many", shop(settings=EVERYTHING) | CELERY)

        for name in ("CACHES", "MEDIA_ROOT", "CELERY", "SECURE_PROXY_SSL_HEADER", "SESSION_COOKIE_NAME"):
            assert f"\n{name} = " not in few
            assert f"\n{name} = " in many
        assert "LOGGING = k8s.logging(env)" in few
        assert "LOGGING = k8s_overlay.logging(k8s_env, LOGGING)" in many
        assert "CELERY = k8s_overlay.celery(k8s_env, broker_url=CELERY_BROKER_URL)" in many
        assert few.rstrip().splitlines()[-1].startswith("DJANGO_K8S = overlay.config(env)")

    @pytest.mark.parametrize(
        "files",
        [
            shop(),
            shop(settings=EVERYTHING) | CELERY,
            package(production="from .base import *\n__all__ = ['DEBUG']\n"),
        ],
    )
    def test_works(self, tmp_path: Path, files: dict[str, str]) -> None:
        """It loads, in the build phase, in production and in debug mode, and passes ruff."""
        path, text = text_of(tmp_path, files)
        add(tmp_path, {path: text})
        module = path.removesuffix(".py").replace("/", ".")
        common = {"SHOP_KEY": "x" * 60, "DJANGO_SETTINGS_MODULE": module, "PYTHONPATH": str(tmp_path)}
        code = "from django.conf import settings as s; print(s.DEBUG, s.INSTALLED_APPS[0], s.SECRET_KEY[:1])"
        production = {
            "ALLOWED_HOSTS": "a.example",
            "DATABASE_URL": "postgres://u:p@h/n",
            "REDIS_URL": "redis://r",
            "TRUSTED_PROXIES": "10.0.0.0/8",
        }

        for more, debug in (({"BUILD_PHASE": "1"}, False), (production, False), ({"DEBUG": "true"}, True)):
            ended = run([sys.executable, "-P", "-c", code], environment(**common, **more), tmp_path)
            assert ended.stdout.split() == [str(debug), "django_k8s", "x"], ended.stderr
        assert (
            subprocess.run(
                [sys.executable, "-m", "ruff", "check", "--isolated", path],
                cwd=tmp_path,
                capture_output=True,
                check=False,
            ).returncode
            == 0
        )
        sorted_ = subprocess.run(
            [
                sys.executable,
                "-m",
                "ruff",
                "check",
                "--isolated",
                "--select",
                "I,F,E",
                "--ignore",
                "E501",
                path,
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert sorted_.returncode == 0, sorted_.stdout

    def test_types(self, tmp_path: Path) -> None:
        """The module passes mypy --strict."""
        path, text = text_of(
            tmp_path,
            shop(settings=EVERYTHING.replace("env = overlay = k8s = Env = lambda: None", "")) | CELERY,
        )
        add(tmp_path, {path: text})
        command = [
            sys.executable,
            "-m",
            "mypy",
            "--strict",
            "--no-error-summary",
            "--ignore-missing-imports",
            "--follow-imports=silent",
            path,
        ]
        ended = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env={**os.environ, "MYPY_CACHE_DIR": str(tmp_path / "cache")},
        )

        assert ended.returncode == 0, ended.stdout


class TestDockerfile:
    def test_arguments(self, tmp_path: Path) -> None:
        """The project's values are the defaults of the arguments."""
        files = shop("src") | {
            "package.json": '{"scripts": {"build": "x"}}',
            "package-lock.json": "{}",
            "locale/de/LC_MESSAGES/django.po": "",
            "src/locale/de/LC_MESSAGES/django.po": "",
        }
        text = docker.dockerfile(detect(repository(tmp_path, files)))

        for line in (
            "ARG SETTINGS=shop.settings_kubernetes", "ARG PROJECT_DIR=src", "ARG LOCK=requirements.txt", "ARG BUILD_ENV=deploy/build.env",
            "ARG PYTHON_IMAGE=python:3.13-slim", "ARG FRONTEND_DIR=.", "ARG FRONTEND_BUILD=build", "ARG LIBRARY=django-k8s-toolkit[web]",
            'ARG BEFORE_STATIC="python -m django compilemessages -v 0"', "ARG BUILD_PACKAGES=gettext", 'ARG GROUPS=""',
        ):  # fmt: skip
            assert f"\n{line}\n" in text, line

    def test_missing_argument(self) -> None:
        """An argument that the Dockerfile does not have is a mistake of the package, not silence."""
        with pytest.raises(LookupError, match="no argument NOT_THERE"):
            docker.with_defaults("Dockerfile", {"NOT_THERE": "x"}, ["NOT_THERE"])

    def test_ignored(self) -> None:
        """What init writes is no input of the build, except for the dummies."""
        text = docker.ignored("Dockerfile")

        assert text.startswith((assets() / "docker" / "Dockerfile.dockerignore").read_text().splitlines()[0])
        assert text.splitlines()[-3:] == ["/deploy/*", "!/deploy/build.env", "/.devcontainer"]

    @pytest.mark.parametrize(
        ("requirements", "expected"),
        [
            ("django\npsycopg[binary]", "django-k8s-toolkit[web]"),
            ("django", "django-k8s-toolkit[web,postgres]"),
            ("django\ncelery", "django-k8s-toolkit[web,postgres,redis]"),
            (
                "django\ncelery\nredis",
                "django-k8s-toolkit[web,postgres,redis]",
            ),  # without what its transport imports
            ("django\ncelery\nredis\npackaging", "django-k8s-toolkit[web,postgres]"),
        ],
    )
    def test_library(self, tmp_path: Path, requirements: str, expected: str) -> None:
        """Our extras bring what the project needs and does not install itself."""
        files = shop() | CELERY | {"requirements.txt": requirements}
        assert docker.library(detect(repository(tmp_path, files))) == expected


class TestValues:
    def test_web_only(self, tmp_path: Path) -> None:
        """Without Celery, the values turn it off in the chart."""
        texts = render(detect(repository(tmp_path, shop())))
        values = yaml.safe_load(texts["deploy/values.yaml"])
        staging = yaml.safe_load(texts["deploy/values-staging.yaml"])

        assert values == {
            "env": {"WEB_APPLICATION": "shop.wsgi:application", "READINESS_PAGE": "/"},
            "celery": False,
        }
        assert staging == {
            "media": {"enabled": False},
            "superuser": {"username": "admin", "email": "admin@example.com"},
        }

    def test_many_queues(self, tmp_path: Path) -> None:
        """More than five queues share one worker."""
        tasks = "".join(f"@shared_task(queue='q{number}')\ndef f{number}(): ...\n" for number in range(5))
        texts = render(detect(repository(tmp_path, shop() | CELERY | {"shop/tasks.py": tasks})))

        assert yaml.safe_load(texts["deploy/values.yaml"])["workers"] == {
            "default": {"queues": ["celery", "q0", "q1", "q2", "q3", "q4"]}
        }

    def test_everything(self, tmp_path: Path) -> None:
        """A worker for each queue, daemons, and the project's names of the stores' variables."""
        files = (
            shop(
                settings="\nX = os.environ['POSTGRES_HOST'], os.environ['POSTGRES_DB'], os.environ['SHOP_REDIS_URL'], os.environ['REPLICA_DB_HOST']\n"
            )
            | CELERY
        )
        files |= {
            "shop/tasks.py": "@shared_task(queue='slow mail')\ndef f(): ...\n",
            "shop/management/commands/send_alerts.py": "while True:\n    sleep(1)\n",
        }
        texts = render(detect(repository(tmp_path, files)))
        values = yaml.safe_load(texts["deploy/values.yaml"])

        assert values["workers"] == {
            "default": {"queues": ["celery"]},
            "slow-mail": {"queues": ["slow mail"]},
        }
        assert values["daemons"] == {"send-alerts": {"command": ["send_alerts"]}}
        assert values["env"]["CELERY_APP"] == "shop.celery:app"
        assert yaml.safe_load(texts["deploy/values-staging.yaml"])["envAliases"] == {
            "POSTGRES_HOST": "DATABASE_HOST",
            "POSTGRES_DB": "DATABASE_NAME",
            "SHOP_REDIS_URL": "REDIS_URL",
        }

    def test_yaml(self) -> None:
        """Every kind of value is unchanged after it was written to YAML and read."""
        value = {
            "a": "yes",
            "b": [1, True, None, "x: y", "--loop", "#"],
            "c": {"d": {}, "e": {"f": "1.5"}},
            "": "",
            "g": "ä\n\"'",
        }

        assert yaml.safe_load("\n".join(dump(value))) == value
        assert (
            "\n".join(dump({"a": {Comment("two\nlines"): None, "b": 1}})) == "a:\n  # two\n  # lines\n  b: 1"
        )


@pytest.mark.parametrize(
    ("read", "aliases"),
    [
        ("os.environ['SITE_SECRET_KEY']", {"SITE_SECRET_KEY": "SECRET_KEY"}),
        ("os.environ['SECRET_KEY']", {}),
    ],
)
def test_keys_of_services(tmp_path: Path, read: str, aliases: dict[str, str]) -> None:
    """A service that the project logs in to does not get Django's key."""
    settings = f"\nSECRET_KEY = {read}\nFORGE_SECRET_KEY = os.environ.get('FORGE_SECRET_KEY', '')\n"
    files = {"shop/settings.py": "import os\nINSTALLED_APPS = []\n" + settings}
    texts = render(detect(repository(tmp_path, shop() | files)))

    assert yaml.safe_load(texts["deploy/values-staging.yaml"]).get("envAliases", {}) == aliases


def test_environment_files(tmp_path: Path) -> None:
    """build.env has dummies. secret.env.example has keys without values, each with the file that reads it."""
    files = shop(settings="\nX = os.environ['MAIL_TOKEN']\nY = os.environ.get('OTHER_TOKEN')\n")
    texts = render(detect(repository(tmp_path, files)))
    keys = [
        line for line in texts["deploy/secret.env.example"].splitlines() if line and not line.startswith("#")
    ]

    assert texts["deploy/build.env"].splitlines()[1:] == ["MAIL_TOKEN=dummy", "SHOP_KEY=dummy"]
    assert keys == ["SECRET_KEY=", "DATABASE_URL=", "MAIL_TOKEN=", "SHOP_KEY="]
    assert "# shop/settings.py: required\nMAIL_TOKEN=" in texts["deploy/secret.env.example"]
    assert "# OTHER_TOKEN=  (shop/settings.py)" in texts["deploy/secret.env.example"]


@pytest.mark.parametrize("files", [shop(), shop(settings=EVERYTHING) | CELERY])
def test_development(tmp_path: Path, files: dict[str, str]) -> None:
    """compose.yaml runs what the project has, from its place in deploy/; the devcontainer is over it."""
    texts = render(detect(repository(tmp_path / "My Shop", files)))
    compose = yaml.safe_load(texts["deploy/compose.yaml"])
    celery = "shop/celery.py" in files
    container = json.loads(texts[".devcontainer/devcontainer.json"])

    assert (
        "worker" in compose["services"],
        "s3" in compose["services"],
        "assets" in compose["services"],
    ) == (celery, False, False)
    assert compose["name"] == "my-shop"
    assert compose["x-image"]["build"]["context"] == "${PROJECT:-..}"
    assert (
        compose["x-image"]["build"]["args"]["SETTINGS"]
        == "${DJANGO_SETTINGS_MODULE:-shop.settings_kubernetes}"
    )
    assert compose["services"]["web"]["env_file"] == "build.env"
    assert "MEDIA_S3_BUCKET" not in texts["deploy/compose.yaml"]
    assert container["dockerComposeFile"] == "../deploy/compose.yaml"
    assert yaml.safe_load(texts["deploy/github-actions.yaml"])["jobs"].keys() == {
        "image",
        "production",
        "preview",
        "preview-down",
    }


def test_devcontainer_beside_the_projects(tmp_path: Path) -> None:
    """The project's own devcontainer is kept, and ours is in a directory beside it."""
    texts = render(detect(repository(tmp_path, shop() | {".devcontainer/devcontainer.json": "{}"})))

    assert (
        json.loads(texts[".devcontainer/django-k8s/devcontainer.json"])["dockerComposeFile"]
        == "../../deploy/compose.yaml"
    )


class TestRecord:
    def test_round_trip(self, tmp_path: Path) -> None:
        """A record is read as it was written."""
        facts = {
            "a": None,
            "b": ["x", 1],
            "c": {"d": True, "e f": "\"'\n"},
            "daemons": [{"name": "x", "command": ["x", "--y"]}],
        }
        one = record.Record("1.2", "shop", ("a.py",), {"lock": "uv.lock"}, facts)
        add(tmp_path, record.written(one, {"a.py": "text"}))
        found = record.read(tmp_path)

        assert found is not None
        assert (found.version, found.name, found.files, found.answers) == (
            "1.2",
            "shop",
            ("a.py",),
            {"lock": "uv.lock"},
        )
        assert found.facts == {name: value for name, value in facts.items() if value is not None}
        assert record.base(tmp_path, "a.py") == "text"
        assert 'x = ["x", "--y"]' in (tmp_path / record.FILE).read_text()
        assert record.own(found) == {"a.py", "deploy/.django-k8s/a.py.txt", "deploy/django-k8s.toml"}

    @pytest.mark.parametrize("text", ["format = 2\n", "format ="])
    def test_unreadable(self, tmp_path: Path, text: str) -> None:
        """A record in another format, or a broken one, is refused."""
        from django_k8s.adopt.failure import CannotAdopt

        add(tmp_path, {record.FILE: text})
        with pytest.raises(CannotAdopt, match=r"django-k8s\.toml"):
            record.read(tmp_path)
