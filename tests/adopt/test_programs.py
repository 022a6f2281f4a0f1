"""What the project runs: interface, Celery, queues, schedules, daemons, files, front end, first administrator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from support.repositories import repository, shop

from django_k8s.adopt.detect import detect
from django_k8s.adopt.facts import Facts
from django_k8s.adopt.render import environment, values
from django_k8s.adopt.render.docker import arguments, ignored
from django_k8s.adopt.render.settings import render as settings_text

ASGI = "from django.core.asgi import get_asgi_application\napplication = get_asgi_application()\n"
CELERY = "from celery import Celery\napp = Celery('shop')\napp.config_from_object('django.conf:settings', namespace='CELERY')\n"
REQUIREMENTS = "django==5.2\ncelery==5.6\n"


def facts(root: Path, files: dict[str, str], settings: str = "") -> Facts:
    """The facts of the shop with more files and settings."""
    return detect(repository(root, shop(settings=settings) | files))


class TestInterface:
    @pytest.mark.parametrize(
        ("files", "settings", "expected"),
        [
            ({}, "", ("wsgi", "shop.wsgi:application")),
            (
                {"shop/asgi.py": ASGI},
                "",
                ("wsgi", "shop.wsgi:application"),
            ),  # the file that startproject makes
            ({"shop/asgi.py": ASGI}, "\nINSTALLED_APPS += ['channels']\n", ("asgi", "shop.asgi:application")),
            (
                {"shop/asgi.py": ASGI, "Procfile": "web: uvicorn shop.asgi:application"},
                "",
                ("asgi", "shop.asgi:application"),
            ),
            (
                {"shop/asgi.py": ASGI, "requirements.txt": "django\nuvicorn\n"},
                "\nASGI_APPLICATION = 'shop.asgi.other'\n",
                ("asgi", "shop.asgi:other"),
            ),
        ],
    )
    def test_interface(
        self, tmp_path: Path, files: dict[str, str], settings: str, expected: tuple[str, str]
    ) -> None:
        """ASGI needs a file and a reason."""
        found = facts(tmp_path, files, settings)

        assert (found.value("interface"), found.value("application")) == expected

    def test_elsewhere(self, tmp_path: Path) -> None:
        """An application with an unusual name is found without a setting."""
        files = shop()
        files["web/app.py"] = files.pop("shop/wsgi.py")
        files["shop/settings.py"] = files["shop/settings.py"].replace("WSGI_APPLICATION", "OTHER")

        assert detect(repository(tmp_path, files)).value("application") == "web.app:application"


class TestCelery:
    def test_application(self, tmp_path: Path) -> None:
        """The module of the application, whatever its name, and the namespace of its settings."""
        found = facts(
            tmp_path,
            {"jobs/celeryconf.py": CELERY.replace("app", "queue_app"), "requirements.txt": REQUIREMENTS},
        )

        assert found.value("celery_application") == "jobs.celeryconf:queue_app"
        assert found.value("celery_namespace") == "CELERY"
        assert (found.value("broker"), found.value("redis_needed")) == ("redis", ["broker"])
        assert found.value("beat_scheduler") is None

    def test_none(self, tmp_path: Path) -> None:
        """A project without Celery has no facts about it."""
        found = facts(tmp_path, {})

        assert [
            found.value(name) for name in ("celery_application", "queues", "beat_scheduler", "redis_needed")
        ] == [None, [], None, []]

    def test_rabbitmq(self, tmp_path: Path) -> None:
        """An environment that we start has no RabbitMQ: its Redis is the broker, and production's Secret names one."""
        found = facts(
            tmp_path,
            {"shop/celery.py": CELERY, "requirements.txt": REQUIREMENTS},
            "\nCELERY_BROKER_URL = os.environ.get('QUEUE', 'amqp://guest:guest@localhost//')\n",
        )

        assert (found.value("broker"), found.value("redis_needed")) == ("rabbitmq", [])
        assert "\n# It has no RabbitMQ, so Celery's broker is Redis.\n" in values.staging(found)
        assert yaml.safe_load(values.staging(found))["envAliases"] == {"CELERY_BROKER_URL": "REDIS_URL"}
        assert "redis" in arguments(found)["LIBRARY"]
        assert "\nCELERY_BROKER_URL=\n" in environment.secret(found, "shop")
        assert "REDIS_URL=" not in environment.secret(found, "shop").replace("BROKER_URL=", "")

    def test_queues(self, tmp_path: Path) -> None:
        """Queues in routes, tasks, calls and queue objects are found, the default queue first."""
        tasks = "WATCH = 'watch'\n@shared_task(queue=WATCH)\ndef look(): ...\n@shared_task(queue='mail')\ndef send(): ...\nsend.apply_async(queue='slow')\nother(queue='not-one')\n"
        settings = "\nCELERY_TASK_DEFAULT_QUEUE = 'main'\nCELERY_TASK_ROUTES = {'a.*': {'queue': 'bulk'}}\nCELERY_TASK_QUEUES = [Queue('main'), Queue('rare')]\n"
        found = facts(
            tmp_path,
            {"shop/celery.py": CELERY, "shop/tasks.py": tasks, "requirements.txt": REQUIREMENTS},
            settings,
        )

        assert found.value("queues") == ["main", "bulk", "mail", "rare", "slow", "watch"]

    def test_made_by_a_function(self, tmp_path: Path) -> None:
        """An application that a function of the module makes; a beat that is started has a schedule."""
        code = "from celery import Celery\ndef make():\n    return Celery('shop')\napp = make()\n"
        files = {"shop/celery.py": code, "requirements.txt": REQUIREMENTS}
        found = facts(tmp_path, files | {"Procfile": "clock: celery -A shop beat -l info\n"})

        assert found.value("celery_application") == "shop.celery:app"
        assert found.value("beat_scheduler") == "default"

    def test_command_lines(self, tmp_path: Path) -> None:
        """A command line names the application of two, and the queues of a worker."""
        files = {"shop/celery.py": CELERY, "jobs/other.py": CELERY, "requirements.txt": REQUIREMENTS}
        line = "worker: celery -A jobs.other worker -Q high,low -l info\n"

        assert facts(tmp_path / "a", files)["celery_application"].asked
        found = facts(tmp_path / "b", files | {"Procfile": line})
        assert found.value("celery_application") == "jobs.other:app"
        assert not found["celery_application"].asked
        assert found.value("queues") == ["celery", "high", "low"]

    @pytest.mark.parametrize(
        ("files", "settings", "expected"),
        [
            ({}, "\nCELERY_BEAT_SCHEDULE = {}\n", "default"),
            ({}, "\nCELERY_BEAT_SCHEDULER = 'shop.beat:Mine'\n", "shop.beat:Mine"),
            (
                {},
                "\nINSTALLED_APPS += ['django_celery_beat']\n",
                "django_celery_beat.schedulers:DatabaseScheduler",
            ),
            (
                {"Procfile": "beat: celery -A shop beat -S django\n"},
                "",
                "django_celery_beat.schedulers:DatabaseScheduler",
            ),
            ({"shop/tasks.py": "app.conf.beat_schedule = {}\n"}, "", "default"),
        ],
    )
    def test_beat(self, tmp_path: Path, files: dict[str, str], settings: str, expected: str) -> None:
        """The fact beat_scheduler follows from where the schedule is."""
        found = facts(
            tmp_path, {"shop/celery.py": CELERY, "requirements.txt": REQUIREMENTS} | files, settings
        )

        assert found.value("beat_scheduler") == expected


LOOP = "class Command:\n    def handle(self, **o):\n        while True:\n            self.once()\n            time.sleep(1)\n"
ENDS = LOOP.replace("time.sleep(1)", "if done: break\n            time.sleep(1)")
FLAG = "import signal\nclass Command:\n    def handle(self, **o):\n        signal.signal(15, self.stop)\n        while not self.stopped:\n            self.wait(1)\n"


class TestDaemons:
    @pytest.mark.parametrize(
        ("files", "settings", "expected"),
        [
            ({"shop/management/commands/sendalerts.py": LOOP}, "", [["sendalerts"]]),
            ({"shop/management/commands/waitforit.py": ENDS}, "", []),
            ({"shop/management/commands/poll.py": FLAG}, "", [["poll"]]),
            ({"shop/management/commands/reports.py": FLAG.replace("signal.signal(15, self.stop)", "pass"), "uwsgi.ini": "attach-daemon = ./manage.py reports --loop --skip-checks\n"}, "", [["reports", "--loop"]]),
            ({"uwsgi.ini": "if-env = X\nattach-daemon = ./manage.py smtpd\nendif =\n", "shop/management/commands/smtpd.py": ENDS}, "", []),
            ({}, "\nINSTALLED_APPS += ['django_rq']\nRQ_QUEUES = {'default': {}, 'low': {}}\n", [["rqworker", "default", "low"]]),
            ({}, "\nINSTALLED_APPS += ['django_q']\n", [["qcluster"]]),
            ({"compose.yml": 'command: ["python", "-m", "manage", "qcluster"]\n'}, "", [["qcluster"]]),
            ({"ops/rq.service": "ExecStart=python manage.py rqworker high low\n"}, "", [["rqworker", "high", "low"]]),
        ],
    )  # fmt: skip
    def test_daemons(
        self, tmp_path: Path, files: dict[str, str], settings: str, expected: list[list[str]]
    ) -> None:
        """Daemons are commands that run forever, and workers of other queues than Celery's."""
        found = facts(tmp_path, files, settings)

        assert [one["command"] for one in found.value("daemons")] == expected

    def test_huey(self, tmp_path: Path) -> None:
        """A queue in a file moves to Redis, which the image then needs a client for."""
        found = facts(
            tmp_path,
            {},
            "\nINSTALLED_APPS += ['huey.contrib.djhuey']\nHUEY = {'huey_class': 'huey.SqliteHuey'}\n",
        )

        assert [one["command"] for one in found.value("daemons")] == [["run_huey"]]
        assert (found.value("redis_needed"), "redis" in arguments(found)["LIBRARY"]) == (["queue"], True)
        assert "\nHUEY = overlay.huey(env, HUEY)\n" in settings_text(found)


class TestParts:
    @pytest.mark.parametrize(
        ("files", "settings", "expected"),
        [
            ({}, "", "none"),
            ({"shop/models.py": "from django.db import models\nclass A(models.Model):\n    f = models.FileField()\n"}, "", "volume"),
            ({"shop/models.py": "class A(models.Model):\n    f = models.ImageField()\n"}, "\nSTORAGES = {'default': {'BACKEND': 'storages.backends.s3.S3Storage'}}\n", "bucket"),
            ({"shop/models.py": "class A(models.Model):\n    f = models.ImageField()\n"}, "\nif X:\n    STORAGES = {'default': {'BACKEND': 'storages.backends.s3.S3Storage'}}\n", "volume"),
            ({"shop/forms.py": "class A(forms.Form):\n    f = forms.FileField()\n"}, "", "none"),
            ({}, "\nINSTALLED_APPS += ['wagtail.images']\n", "volume"),
        ],
    )  # fmt: skip
    def test_media(self, tmp_path: Path, files: dict[str, str], settings: str, expected: str) -> None:
        """Where uploads go depends on the file fields of models and on the storage."""
        assert facts(tmp_path, files, settings).value("media") == expected

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ({}, None),
            ({"package.json": '{"scripts": {"build": "x"}}', "package-lock.json": "{}"}, {"dir": ".", "manager": "npm", "script": "build"}),
            ({"assets/package.json": '{"scripts": {"build": "x"}}', "assets/yarn.lock": ""}, {"dir": "assets", "manager": "yarn", "script": "build"}),
            ({"package.json": '{"scripts": {"lint": "x"}}', "package-lock.json": "{}"}, None),
            ({"package.json": '{"scripts": {"build": "x"}}'}, None),  # no lock
            ({"package.json": '{"scripts": {"build": "x"}}', "pnpm-lock.yaml": "", "pnpm-workspace.yaml": ""}, None),
            (
                {
                    "ui/package.json": '{"scripts": {"bundle": "x", "build": "y"}}', "ui/pnpm-lock.yaml": "",
                    "Dockerfile": "FROM node AS ui\nCOPY ui /ui\nRUN pnpm run bundle\nFROM python:3.13\nRUN pip install x\nCOPY --from=ui /ui /ui\n",
                },
                {"dir": "ui", "manager": "pnpm", "script": "bundle"},
            ),
        ],
    )  # fmt: skip
    def test_front_end(self, tmp_path: Path, files: dict[str, str], expected: dict[str, Any] | None) -> None:
        """A front end has a directory, a package manager (from its lock file) and a script."""
        assert facts(tmp_path, files).value("front_end") == expected

    @pytest.mark.parametrize(
        ("files", "node"),
        [
            ({"ui/.nvmrc": "v20.11.0\n", ".nvmrc": "24"}, "20"),
            ({".nvmrc": "lts/krypton\n"}, "24"),
            (
                {"ui/package.json": '{"scripts": {"build": "x"}, "engines": {"node": ">=18.17 <21 || ^16"}}'},
                "20",
            ),
            ({"ui/package.json": '{"scripts": {"build": "x"}, "engines": {"node": "24.x"}}'}, "24"),
            ({}, None),
        ],
    )
    def test_node(self, tmp_path: Path, files: dict[str, str], node: str | None) -> None:
        """The Node version comes from the nearest version file, or else from the field engines."""
        front_end = {"ui/package.json": '{"scripts": {"build": "x"}}', "ui/yarn.lock": ""}
        found = facts(tmp_path, front_end | files)

        assert found.value("node_version") == node
        assert arguments(found)["NODE_IMAGE"] == f"node:{node or 22}-slim"

    def test_front_end_that_needs_python(self, tmp_path: Path) -> None:
        """What the stage of the front end copies from a stage with manage.py is made first; every script runs."""
        text = (
            "FROM python:3.13 AS words\nRUN ./manage.py compilejsi18n && ./manage.py migrate\n"
            "FROM python:3.13 AS other\nRUN ./manage.py makeother\n"
            "FROM node:22 AS ui\nCOPY --from=words /app/words ./\nRUN npm run build && npm run build:ssr && npm run test\n"
            "FROM python:3.13\nCOPY --from=ui /app/dist dist\n"
        )
        scripts = '{"scripts": {"build": "x", "build:ssr": "y", "test": "z"}}'
        found = arguments(
            facts(tmp_path, {"Dockerfile": text, "package.json": scripts, "package-lock.json": ""})
        )

        assert found["FRONTEND_BEFORE"] == "python manage.py compilejsi18n"
        assert found["FRONTEND_BUILD"] == "npm run build && npm run build:ssr"

    def test_commands_of_the_build(self, tmp_path: Path) -> None:
        """Commands of the project's Dockerfile before and after collectstatic."""
        text = "FROM python:3.13\nRUN ./manage.py makejs --all && python manage.py collectstatic --noinput\nRUN ./manage.py compress\nCMD ./manage.py makejs\n"
        found = facts(tmp_path, {"Dockerfile": text, "shop/management/commands/makejs.py": ""})

        assert found.value("before_static") == ["python manage.py makejs --all"]
        assert found.value("after_static") == ["python manage.py compress"]

    @pytest.mark.parametrize(
        ("name", "text", "steps", "before"),
        [
            (
                "entrypoint.sh",
                "#!/bin/sh\nif [ $1 = web ]; then\n  ./manage.py wait_for_x\n  ./manage.py migrate || exit 1\n  ./manage.py fill_it --all || exit 1\n  ./manage.py compile_it\n  ./manage.py collectstatic\nfi\nif [ $DEMO ]; then\n  ./manage.py demo_it\nfi\n",
                [["fill_it", "--all"]],
                ["python manage.py compile_it"],
            ),
            ("Procfile", "release: python manage.py migrate && python manage.py fill_it && python manage.py copy_it\n", [["fill_it"]], []),
            ("dev/entrypoint.sh", "#!/bin/sh\n./manage.py migrate\n./manage.py fill_it\n", [], []),
            ("docker-compose.yml", "services:\n  a:\n    command: manage.py migrate\n  b:\n    command: manage.py fill_it\n", [], []),
            ("start", "#!/bin/sh\n./manage.py fill_it\n./manage.py migrate --noinput\nexec ./manage.py serve_it\n", [], []),
        ],
    )  # fmt: skip
    def test_after_the_migrations(
        self, tmp_path: Path, name: str, text: str, steps: list[list[str]], before: list[str]
    ) -> None:
        """What each start or release runs after the migrations is a job; what makes static files is part of the build."""
        names = ("wait_for_x", "fill_it", "compile_it", "demo_it", "serve_it")
        own = {f"shop/management/commands/{one}.py": "" for one in names}
        own["shop/management/commands/copy_it.py"] = "old = sqlite3.connect('db.sqlite3')\n"
        found = facts(tmp_path, {name: text} | own)

        assert found.value("after_migrate") == steps
        assert found.value("before_static") == before
        jobs = {"fill-it": {"args": ["manage", *steps[0]]}} if steps else None
        assert yaml.safe_load(values.values(found)).get("jobs") == jobs

    def test_jobs_of_one_command(self, tmp_path: Path) -> None:
        """A command that is run twice with different words is two jobs, and long names do not meet."""
        text = "release: ./manage.py migrate && ./manage.py loaddata a && ./manage.py loaddata b && ./manage.py fill_what_is_missing_here && ./manage.py fill_what_is_missing_there\n"
        names = ("fill_what_is_missing_here", "fill_what_is_missing_there")
        own = {f"shop/management/commands/{name}.py": "" for name in names}
        found = facts(tmp_path, {"Procfile": text} | own)

        assert yaml.safe_load(values.values(found))["jobs"] == {
            "loaddata": {"args": ["manage", "loaddata", "a"]},
            "loaddata-2": {"args": ["manage", "loaddata", "b"]},
            "fill-what-is-missing": {"args": ["manage", names[0]]},
            "fill-what-is-miss-2": {"args": ["manage", names[1]]},
        }

    def test_command_of_a_readme(self, tmp_path: Path) -> None:
        """A command in a README that fills the database after the migrations is a note."""
        files = {
            "README.md": "    ./manage.py migrate\n    ./manage.py load_initial_data\n",
            "shop/management/commands/load_initial_data.py": "",
        }
        found = facts(tmp_path, files)

        assert found.value("after_migrate") == []
        assert [
            note
            for note in found.notes
            if "load-initial-data: {args: [manage, load_initial_data], once: true}" in note
        ]

    def test_databases_that_are_part_of_the_program(self, tmp_path: Path) -> None:
        """Tracked, and named by code; not a developer's own, which the settings name, nor one that git does not track."""
        named = "OTHER = 'new.db'\nFOUND = connect(BASE_DIR / 'search.db')\n"
        files = {"search.db": "x", "own.sqlite3": "x", "shop/views.py": named}
        root = repository(tmp_path, shop() | files)
        (root / "new.db").write_text("x")
        found = detect(root)

        assert found.value("allow_files") == ["search.db"]
        assert arguments(found)["ALLOW_FILES"] == "search.db"

    def test_dumps_of_development(self, tmp_path: Path) -> None:
        """A dump that git tracks and no code names is left out of the image, which would refuse it."""
        dump = "-- PostgreSQL database dump\nINSERT INTO x VALUES (1);\n"
        named = {"shop/load.py": "x = open('named.sql')\n"}
        files = {"dev/own.sql": dump, "named.sql": dump, "plain.sql": "SELECT 1;\n"}
        found = facts(tmp_path, files | named)

        assert found.value("left_out") == ["dev/own.sql"]
        assert "\n/dev/own.sql\n" in ignored("Dockerfile", found.list("left_out"))

    @pytest.mark.parametrize(
        ("model", "expected"),
        [
            ("", ["username", "email"]),
            ("class User(AbstractUser):\n    pass\n", ["username", "email"]),
            (
                "class User(AbstractBaseUser):\n    USERNAME_FIELD = 'mail'\n    REQUIRED_FIELDS = ['born']\n",
                ["mail", "born"],
            ),
            (
                "class User(AbstractUser):\n    USERNAME_FIELD = 'email'\n    REQUIRED_FIELDS = []\n",
                ["email"],
            ),
            (
                "class Base(AbstractBaseUser):\n    USERNAME_FIELD = 'phone'\nclass User(Base):\n    pass\n",
                ["phone"],
            ),
        ],
    )
    def test_first_administrator(self, tmp_path: Path, model: str, expected: list[str]) -> None:
        """The fields that createsuperuser asks for."""
        settings = "\nAUTH_USER_MODEL = 'people.User'\n" if model else ""
        found = facts(tmp_path, {"people/models.py": model}, settings)

        assert found.value("superuser_fields") == expected

    def test_variables(self, tmp_path: Path) -> None:
        """Variables by all usual readers: with a default, in a branch, and those without which nothing loads."""
        settings = """
A = os.environ.get("WITH_GET")
B = env.int("WITH_DEFAULT", default=3)
C = config("PLAIN_CONFIG")
D = env("API_TOKEN")
with env.prefixed("SHOP_"):
    F = env("PREFIXED")
G = environ.Env(DECLARED=(bool, False))("DECLARED")
H = env("DECLARED")
if A:
    E = os.environ["IN_A_BRANCH"]
"""
        found = facts(tmp_path, {}, settings)
        by_name = {one.name: one for one in found.variables}

        assert found.value("required_variables") == ["API_TOKEN", "PLAIN_CONFIG", "SHOP_KEY", "SHOP_PREFIXED"]
        assert (by_name["WITH_GET"].default, by_name["WITH_DEFAULT"].default) == (True, True)
        assert (by_name["IN_A_BRANCH"].branch, by_name["API_TOKEN"].secret) == (True, True)
        assert by_name["SHOP_KEY"].source == "shop/settings.py:5"

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            (
                'DEBUG = config("SHOP_DEBUG", default=True, cast=bool)',
                {"name": "SHOP_DEBUG", "value": "False"},
            ),
            ('DEBUG = int(os.environ.get("DEBUG", 1))', {"name": "DEBUG", "value": "0"}),
            ('DEBUG = os.environ["SHOP_DEBUG"] == "1"', {"name": "SHOP_DEBUG", "value": "False"}),
            ('DEBUG = env.bool("SHOP_DEBUG", False)', None),
            ('DEBUG = env("ENVIRONMENT", default="dev") == "dev"', None),
            ('DEBUG = bool(os.getenv("SHOP_DEBUG"))', None),
            ("DEBUG = False", None),
            ('DEBUG = "LIVE" not in os.environ', {"name": "LIVE", "value": "1"}),
            ('DEBUG = not ("LIVE" in os.environ)', {"name": "LIVE", "value": "1"}),
            ('DEBUG = not os.environ.get("LIVE")', {"name": "LIVE", "value": "1"}),
            ('DEBUG = not bool(os.getenv("LIVE", False))', {"name": "LIVE", "value": "1"}),
            ('DEBUG = os.getenv("STAGE", "dev") != "live"', {"name": "STAGE", "value": "live"}),
            ('DEBUG = "DEBUG" in os.environ', None),
            ('DEBUG = not env.bool("LIVE", default=True)', None),
            ('DEBUG = os.getenv("STAGE", "live") != "live"', None),
        ],
    )
    def test_debug_mode(self, tmp_path: Path, settings: str, expected: dict[str, str] | None) -> None:
        """If the settings are in debug mode by default, the variable that turns it off is set."""
        found = facts(tmp_path, {}, f"\n{settings}\n")

        assert found.value("debug_variable") == expected
        if expected:
            assert values.environment(found)[expected["name"]] == expected["value"]
            assert f"{expected['name']}={expected['value']}\n" in environment.build(found)

    @pytest.mark.parametrize(
        ("settings", "expected"),
        [
            (
                'KIND = os.getenv("SHOP_DB", "sqlite")\nif KIND == "pg":\n    db = {"ENGINE": "django.db.backends.postgresql"}',
                {"name": "SHOP_DB", "value": "pg"},
            ),
            (
                'DATABASES = {"default": {"ENGINE": os.getenv("DB_ENGINE") or "django.db.backends.sqlite3"}}',
                {"name": "DB_ENGINE", "value": "django.db.backends.postgresql"},
            ),
            (
                'DATABASES = {"default": {"ENGINE": env("DB_ENGINE", default="django.db.backends.postgresql")}}',
                None,
            ),
            ('DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}', None),
        ],
    )
    def test_choice_of_the_database(
        self, tmp_path: Path, settings: str, expected: dict[str, str] | None
    ) -> None:
        """If the settings use SQLite by default, the variable that selects PostgreSQL is set."""
        found = facts(tmp_path, {}, f"\n{settings}\n")

        assert found.value("engine_variable") == expected
        if expected:
            assert values.environment(found)[expected["name"]] == expected["value"]
            assert f"{expected['name']}={expected['value']}\n" in environment.build(found)

    def test_fields_of_classes(self, tmp_path: Path) -> None:
        """The fields of pydantic's settings are variables: with a prefix, an alias, bases, and parts of their own."""
        config = """
from pydantic_settings import BaseSettings, SettingsConfigDict
class Mail(BaseModel):
    host: str
    port: int = 25
class Base(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="shop_", env_nested_delimiter="__")
    token: SecretStr
class Config(Base):
    name: str = Field(..., max_length=9)
    size: int = Field(default=3)
    where: str = Field(alias="REGION")
    kind: ClassVar[str] = "x"
    mail: Mail
    other: str | None = None
class Unused(BaseSettings):
    nothing: str
class Odd(Same, BaseSettings):
    pass
from shop.same import Same
config, odd = Config(), Odd()
"""
        same = "from shop.other import Odd\nclass Same(Odd):\n    pass\n"  # of another class with this name
        found = facts(
            tmp_path, {"shop/config.py": config, "shop/same.py": same}, "\nfrom shop.config import config\n"
        )
        by_name = {one.name: one for one in found.variables}

        required = ["REGION", "SHOP_KEY", "SHOP_MAIL__HOST", "SHOP_NAME", "SHOP_TOKEN"]
        assert found.value("required_variables") == required
        assert (by_name["SHOP_SIZE"].default, by_name["SHOP_TOKEN"].secret) == (True, True)
        assert by_name["REGION"].source == "shop/config.py:12"
        assert found.fields["Config.mail.host"] == "SHOP_MAIL__HOST"

    def test_variables_that_are_refused_later(self, tmp_path: Path) -> None:
        """A variable that is read without complaint, and missed by a check of the settings, is required."""
        settings = """
def secret(name, default=None):
    return os.environ.get(name, default)
def needed(name):
    try:
        return os.environ[name]
    except KeyError:
        raise ImproperlyConfigured(name)
A = os.getenv("CHECKED")
if not A:
    raise ValueError("CHECKED")
if not os.environ.get("CHECKED_AT_ONCE"):
    raise ValueError("CHECKED_AT_ONCE")
B = os.environ.get("CHECKED_IN_PRODUCTION")
if not B:
    if DEBUG:
        B = "b"
    else:
        raise ValueError("CHECKED_IN_PRODUCTION")
C = os.environ.get("CHECKED_WITH_A_SWITCH")
if A == "c" and not C:
    raise ValueError("CHECKED_WITH_A_SWITCH")
D = secret("OWN_SECRET")
E = needed("OWN_NEEDED")
SECRET_KEY = os.environ.get("OTHER_KEY", "")
"""
        expected = [
            "CHECKED",
            "CHECKED_AT_ONCE",
            "CHECKED_IN_PRODUCTION",
            "OTHER_KEY",
            "OWN_NEEDED",
            "SHOP_KEY",
        ]

        assert facts(tmp_path, {}, settings).value("required_variables") == expected

    @pytest.mark.parametrize(
        ("urls", "expected"),
        [
            ("urlpatterns = [path('', x), path('a/', x)]", "/"),
            ("urlpatterns = [re_path(r'^a/', x), re_path('^$', x)]", "/"),
            ("urlpatterns = [re_path(r'^a/', x), path('b/', include('b.urls'))]", ""),
            ("urlpatterns = [path('a/', x)]\nif settings.DEBUG:\n    urlpatterns += [path('', x)]", ""),
            ("urlpatterns = [path('a/', x)]\nurlpatterns = with_toolbar(urlpatterns)", ""),
            ("urlpatterns = [path('a/', x)] + more()", "/"),
            ("urlpatterns = router.urls", "/"),
        ],
    )
    def test_start_page(self, tmp_path: Path, urls: str, expected: str) -> None:
        """Without a start page in the URLs, there is no readiness page."""
        assert facts(tmp_path, {"shop/urls.py": urls}).value("readiness_page") == expected
