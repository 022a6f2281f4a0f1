"""Each rule of ``django-k8s check`` finds what is wrong in a bad project, and nothing in a good one."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.adopted import FILES, Repository, plain, repository

from django_k8s.adopt import record
from django_k8s.adopt.check.catalogue import KINDS, findings
from django_k8s.adopt.check.command import subject
from django_k8s.adopt.check.finding import Finding
from django_k8s.adopt.examine import Options
from django_k8s.adopt.plan import plan

PRODUCTION = plain(FILES["shop/settings/production.py"])
BASE = plain(FILES["shop/settings/base.py"])
LOCK = "Django==5.2.4\npsycopg[binary]==3.2.9\ncelery==5.5.3\nredis==5.2.1\n"


def check(root: Path) -> list[Finding]:
    """Apply every rule to a project, without loading it."""
    earlier = record.read(root)
    made = plan(root, earlier.answers if earlier else {}, Options(load=False), version="0.1.0")
    return list(findings(subject(root, made, earlier)))


def settings(lines: str) -> dict[str, str]:
    """Return the production settings with further lines."""
    return {"shop/settings/production.py": PRODUCTION + plain(lines)}


# By the id of a finding: the files that differ in a bad project, those in a good one, and where the finding is.
CASES: dict[str, list[tuple[dict[str, str], dict[str, str], str]]] = {
    "localhost": [
        (settings('MONGO_URL = "mongodb://localhost:27017/x"\n'), settings('MONGO_URL = os.environ["MONGO_URL"]\n'), "shop/settings/production.py:5"),
        (
            settings('CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [("127.0.0.1", 6379)]}}}\n'),
            settings('CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer", "CONFIG": {"hosts": [REDIS_URL]}}}\n'),
            "shop/settings/production.py:5",
        ),
    ],
    "localhost-default": [
        (settings('ELASTICSEARCH = os.environ.get("SEARCH_HOST", "localhost:9200")\n'), settings('ELASTICSEARCH = MACHINES.get("HOST", "localhost")\n'), "shop/settings/production.py:5"),
        (settings('MEMCACHED = os.environ.get("MEMCACHED") or "localhost:11211"\n'), settings('INTERNAL_IPS = ["127.0.0.1"]\n'), "shop/settings/production.py:5"),
    ],
    "sqlite": [
        (
            {"shop/settings/base.py": BASE[: BASE.index("DATABASES")] + 'DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db"}}\n', "requirements.txt": "Django==5.2.4\n"},
            {},
            "shop/settings/base.py:14",
        ),
    ],
    "local-cache": [
        ({"shop/views.py": "from django.core.cache import cache\n"}, {**settings('CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS}}\n'), "shop/views.py": "from django.core.cache import cache\n"}, "shop/views.py:1"),
        (
            {**settings('CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}\n'), "shop/views.py": "from django.core.cache import cache\n"},
            settings('CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}\n'),
            "shop/settings/production.py:5",
        ),
    ],
    "file-cache": [
        (
            settings('CACHES = {\n    "default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": "/tmp/c"},\n}\n'),
            settings('if DEBUG:\n    CACHES = {"default": {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache"}}\n'),
            "shop/settings/production.py:6",
        )
    ],
    "cache-table": [
        (
            settings('CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "c"}}\n'),
            {**settings('CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "c"}}\n'), "shop/migrations/0001_cache.py": 'call_command("createcachetable")\n'},
            "shop/settings/production.py:5",
        )
    ],
    "local-sessions": [
        (settings('SESSION_ENGINE = "django.contrib.sessions.backends.file"\n'), settings('SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"\n'), "shop/settings/production.py:5"),
        (
            settings('SESSION_ENGINE = "django.contrib.sessions.backends.cache"\n'),
            settings('SESSION_ENGINE = "django.contrib.sessions.backends.cache"\nCACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}\n'),
            "shop/settings/production.py:5",
        ),
    ],
    "local-channels": [
        (
            settings('CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}\n'),
            settings('CHANNEL_LAYERS = {"default": {"BACKEND": "channels_redis.core.RedisChannelLayer"}}\n'),
            "shop/settings/production.py:5",
        )
    ],
    "mail-server": [
        ({"shop/views.py": "def a():\n    send_mail()\n"}, {**settings('EMAIL_HOST = os.environ["MAIL"]\n'), "shop/views.py": "def a():\n    send_mail()\n"}, "shop/views.py:2")
    ],
    "mail-unsent": [
        (settings('EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"\n'), settings('EMAIL_BACKEND = "anymail.backends.mailgun.EmailBackend"\n'), "shop/settings/production.py:5")
    ],
    "debug": [
        ({"shop/settings/production.py": "from .base import *\n\nDEBUG = True\nif DEBUG:\n    X = 1\n"}, {}, "shop/settings/production.py:3"),
        (
            # The variable is in the values that init writes.
            {"shop/settings/production.py": "from .base import *\n\nDEBUG = 1\n"},
            {"shop/settings/production.py": 'from .base import *\n\nDEBUG = os.environ.get("SHOP_DEBUG", "true")\n'},
            "shop/settings/production.py:3",
        ),
    ],
    "any-host": [(settings('ALLOWED_HOSTS = ["*"]\n'), settings('ALLOWED_HOSTS = [".example.com"]\n'), "shop/settings/production.py:5")],
    "secret-key": [
        (settings('SECRET_KEY = "k3y"\n'), settings('SECRET_KEY = os.environ.get("SECRET_KEY", "k3y")\n'), "shop/settings/production.py:5"),
    ],
    "secret-file": [
        ({".env": "A=1\nSTRIPE_SECRET_KEY=sk_live_a81Bf7c03kLm\n"}, {".env": "STRIPE_SECRET_KEY=change-me\n", ".env.example": "STRIPE_SECRET_KEY=sk_live_a81Bf7c03kLm\n"}, ".env:2"),
        ({"certificates/site.key": "-----BEGIN PRIVATE KEY-----\nMIIE\n"}, {"tests/site.key": "-----BEGIN PRIVATE KEY-----\n"}, "certificates/site.key"),
        (settings('AWS_ACCESS_KEY_ID = "AKIA2B3C4D5E6F7G8H9I"\n'), settings('AWS_ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"\n'), "shop/settings/production.py:5"),
    ],
    "log-file": [
        (settings('LOGGING = {"handlers": {"f": {"class": "logging.handlers.RotatingFileHandler", "filename": "x"}}}\n'), settings('LOGGING = {"handlers": {"c": {"class": "logging.StreamHandler"}}}\n'), "shop/settings/production.py:5")
    ],
    "no-lock": [({"requirements.txt": "", "setup.py": "setup()\n"}, {}, "")],
    "unlocked": [
        ({"requirements.txt": LOCK + "pillow>=11\n"}, {"requirements.txt": LOCK + "pillow==11.3.0 ; python_version > '3.9'\n    # via shop\n"}, "requirements.txt:5"),
        ({"requirements.txt": "-r base.txt\nDjango==5.2.4\n", "base.txt": "pillow\n"}, {"requirements.txt": "-r base.txt\nDjango==5.2.4\n", "base.txt": "pillow==11.3.0 \\\n    --hash=sha256:0a\n"}, "base.txt:1"),
        ({"requirements.txt": "", "pyproject.toml": '[project]\nname = "shop"\ndependencies = ["django>=5.2"]\n'}, {}, "pyproject.toml"),
    ],
    "lock-behind": [
        (
            {"pyproject.toml": '[project]\nname = "shop"\ndependencies = [\n  "django>=5.2",\n  "Pillow_Heif",\n]\n', "uv.lock": 'version = 1\n[[package]]\nname = "shop"\n[[package]]\nname = "django"\nversion = "5.2.4"\n'},
            {"pyproject.toml": '[project]\nname = "shop"\ndependencies = ["django>=5.2"]\n', "uv.lock": 'version = 1\n[[package]]\nname = "shop"\n[[package]]\nname = "django"\nversion = "5.2.4"\n'},
            "pyproject.toml:5",
        )
    ],
    "python-version": [({".python-version": "3.10\n"}, {".python-version": "3.13\n"}, ".python-version")],
    "django-version": [({"requirements.txt": LOCK.replace("5.2.4", "4.2.20")}, {"requirements.txt": LOCK.replace("5.2.4", "6.1.1")}, "requirements.txt")],
    "beat-django": [
        ({"requirements.txt": LOCK.replace("5.2.4", "6.1.1") + "django-celery-beat==2.8.1\n"}, {"requirements.txt": LOCK.replace("5.2.4", "6.0.3") + "django-celery-beat==2.8.1\n"}, "requirements.txt")
    ],
    "writes-code-directory": [
        ({"shop/report.py": 'def make():\n    with open(settings.BASE_DIR / "r.csv", "w") as file:\n        pass\n'}, {"shop/report.py": 'def make():\n    return open(settings.BASE_DIR / "r.csv")\n'}, "shop/report.py:2"),
        ({"shop/report.py": '(settings.BASE_DIR / "r.csv").write_text("")\n'}, {"shop/report.py": '(settings.BASE_DIR / "r.csv").read_text()\n'}, "shop/report.py:1"),
    ],
    "sleep-in-view": [({"shop/views.py": "import time\n\n\ndef a(request):\n    time.sleep(1)\n"}, {"shop/management/commands/a.py": "import time\n\ntime.sleep(1)\n"}, "shop/views.py:5")],
    "thread-in-view": [
        ({"shop/views.py": "import threading\n\n\ndef a(request):\n    threading.Thread(target=b).start()\n"}, {"shop/views.py": "from shop.models import Thread\n\n\ndef a(request):\n    Thread(title='x')\n"}, "shop/views.py:5"),
        ({"shop/views/a.py": "import subprocess\n\nsubprocess.Popen([])\n"}, {"shop/views/a.py": "import subprocess\n\nsubprocess.run([])\n"}, "shop/views/a.py:3"),
    ],
    "delay-in-transaction": [
        (
            {"shop/sell.py": "def sell():\n    with transaction.atomic():\n        mail.delay(1)\n"},
            {"shop/sell.py": "def sell():\n    with transaction.atomic():\n        transaction.on_commit(lambda: mail.delay(1))\n        transaction.on_commit(partial(mail.delay, 1))\n        mail.delay_on_commit(1)\n    mail.delay(1)\n"},
            "shop/sell.py:3",
        ),
        ({"shop/sell.py": "@transaction.atomic\ndef sell():\n    mail.apply_async([1])\n"}, {"shop/sell.py": "def sell():\n    mail.apply_async([1])\n"}, "shop/sell.py:3"),
        (
            {**settings('DATABASES["default"]["ATOMIC_REQUESTS"] = True\n'), "shop/views.py": "def a(request):\n    mail.delay(1)\n"},
            {"shop/views.py": "def a(request):\n    mail.delay(1)\n"},
            "shop/views.py:2",
        ),
    ],
    "task-acks-early": [({}, settings("CELERY_TASK_ACKS_LATE = True\n"), "shop/celery.py:3")],
    "task-time-limit": [({}, {"shop/tasks.py": "@shared_task(soft_time_limit=60)\ndef a(): ...\n"}, "shop/celery.py:3")],
    "cron-not-run": [
        ({"deployment/crontab": "# m h\n*/5 * * * * cd /app && python manage.py clean_carts --all\n"}, {"deployment/crontab": "MAILTO=ada\n# 5 4 * * * python manage.py clean_carts\n"}, "deployment/crontab:2")
    ],
    "scheduler-in-web": [(settings('INSTALLED_APPS += ["django_apscheduler"]\n'), settings('INSTALLED_APPS += ["django_extensions"]\n'), "shop/settings/production.py:5")],
    "process-not-run": [
        (
            {"Procfile": "web: gunicorn shop.wsgi\nfeed: python manage.py read_feed\n"},
            {"Procfile": "web: gunicorn shop.wsgi\nworker: celery -A shop worker\nrelease: python manage.py migrate\n"},
            "Procfile:2",
        ),
        ({"fly.toml": '[processes]\napp = "gunicorn shop.wsgi"\nfeed = "python manage.py read_feed"\n'}, {"fly.toml": "processes = []\n[deploy]\n"}, "fly.toml"),
        ({"render.yaml": "services:\n  - type: worker\n    startCommand: python manage.py read_feed\n"}, {"render.yaml": "services:\n  - startCommand: daphne shop.asgi:application\n"}, "render.yaml:3"),
    ],
    "release-command": [({"Procfile": "release: python manage.py migrate && python manage.py load_regions\n"}, {"Procfile": "release: python manage.py migrate --noinput\n"}, "Procfile:1")],
    "gunicorn-config": [({"gunicorn.conf.py": "import os\n\nworkers = 4\n"}, {"tests/gunicorn.conf.py": "workers = 4\n"}, "gunicorn.conf.py:1")],
    "health-endpoint": [
        ({"shop/urls.py": 'urlpatterns = [\n    path("healthz/", health),\n]\n'}, {"shop/urls.py": 'urlpatterns = [\n    path("health-insurance/", a),\n]\n'}, "shop/urls.py:2"),
        (settings('INSTALLED_APPS += ["health_check"]\n'), {}, "shop/settings/production.py:5"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("id_", "number"), [(id_, number) for id_, cases in CASES.items() for number in range(len(cases))]
)
def test_rule(tmp_path: Path, id_: str, number: int) -> None:
    """The bad project has the finding, at its place; the good one does not."""
    bad, good, where = CASES[id_][number]
    bad_root = repository(tmp_path / "bad", {**FILES, **bad}).root
    good_root = repository(tmp_path / "good", {**FILES, **good}).root
    found = [one for one in check(bad_root) if one.id == id_]

    assert [one.where for one in found] == [where]
    assert [one.what for one in check(good_root) if one.id == id_] == []


class TestDeployment:
    """Findings about what init has written."""

    @pytest.fixture
    def adopted(self, tmp_path: Path) -> Repository:
        project = repository(tmp_path / "shop")
        project.adopt()
        return project

    def found(self, project: Repository, id_: str) -> list[str]:
        return [one.where for one in check(project.root) if one.id == id_]

    def test_fresh(self, adopted: Repository) -> None:
        """Right after init, only production's hosts are missing, and notes remain."""
        severe = [one.id for one in check(adopted.root) if one.severity != "note"]

        assert severe == ["hosts"]

    def test_file_missing(self, adopted: Repository) -> None:
        (adopted.root / "deploy" / "build.env").unlink()

        assert self.found(adopted, "file-missing") == [record.FILE]

    def test_files_edited(self, adopted: Repository) -> None:
        assert self.found(adopted, "files-edited") == []

        adopted.write("deploy/values.yaml", "celery: false\n")
        assert self.found(adopted, "files-edited") == ["deploy/values.yaml"]

    def test_conflict(self, adopted: Repository) -> None:
        adopted.write("deploy/values.yaml", "env:\n<<<<<<< yours\na\n=======\nb\n>>>>>>> django-k8s 1\n")

        assert self.found(adopted, "conflict") == ["deploy/values.yaml:2"]

    def test_file_ignored(self, adopted: Repository) -> None:
        adopted.git("rm", "-q", "--cached", "-r", "deploy")
        adopted.write(".gitignore", "deploy/\n")

        assert "deploy/Dockerfile" in self.found(adopted, "file-ignored")

    @pytest.mark.parametrize(
        ("line", "wrong"),
        [
            ("hosts: [shop.test]\n", False),
            ("hosts:\n  - shop.test\n", False),
            ("hosts: [www.example.com]\n", True),
            ("hosts:\n  - www.example.com\n", True),
        ],
    )
    def test_hosts(self, adopted: Repository, line: str, wrong: bool) -> None:
        adopted.write("deploy/values-production.yaml", line)

        assert bool(self.found(adopted, "hosts")) == wrong

    def test_variable_unset(self, adopted: Repository) -> None:
        adopted.write("shop/settings/production.py", PRODUCTION + 'TOKEN = os.environ["SHOP_TOKEN"]\n')
        assert self.found(adopted, "variable-unset") == ["shop/settings/production.py:5"]

        adopted.write("deploy/secret.env.example", "SHOP_TOKEN=\n")
        assert "shop/settings/production.py:5" not in self.found(adopted, "variable-unset")

    def test_base_image(self, adopted: Repository) -> None:
        assert len(self.found(adopted, "base-image")) == 1

        text = adopted.read("deploy/Dockerfile")
        adopted.write("deploy/Dockerfile", text.replace("3.13-slim", "3.13-slim@sha256:0a"))
        assert self.found(adopted, "base-image") == []

    def test_uploads(self, tmp_path: Path) -> None:
        """init writes a volume; without it, and without a bucket, uploads are lost."""
        project = repository(
            tmp_path / "shop", {**FILES, "shop/models.py": "class A:\n    file = models.FileField()\n"}
        )
        project.adopt()
        assert self.found(project, "uploads") == []

        project.write("deploy/values-production.yaml", "hosts: [shop.test]\n")
        assert self.found(project, "uploads") == ["shop/models.py:2"]

        project.write("deploy/values-production.yaml", "env: {MEDIA_S3_BUCKET: shop}\n")
        assert self.found(project, "uploads") == []

        project.write("deploy/values-production.yaml", "media:\n  size: 1Gi\n  enabled: true\n")
        assert self.found(project, "uploads") == []

    def test_what_values_run(self, adopted: Repository) -> None:
        """A command that the values mention counts as run."""
        adopted.write("crontab", "0 3 * * * manage.py clean_carts\n")
        adopted.write("Procfile", "feed: python manage.py read_feed\n")
        values = 'cronJobs:\n  carts: {schedule: "0 3 * * *", args: [manage, clean_carts]}\ndaemons:\n  feed: {command: [read_feed]}\n'
        adopted.write("deploy/values.yaml", adopted.read("deploy/values.yaml") + values)

        assert self.found(adopted, "cron-not-run") == self.found(adopted, "process-not-run") == []


def test_ignored_in_the_line(tmp_path: Path) -> None:
    """A comment in the line leaves out findings of one kind, and no others."""
    text = PRODUCTION + 'SECRET_KEY = "k3y"  # django-k8s: ignore[{}]\n'
    first = repository(
        tmp_path / "a", {**FILES, "shop/settings/production.py": text.format("secret-key")}
    ).root
    second = repository(tmp_path / "b", {**FILES, "shop/settings/production.py": text.format("debug")}).root

    assert "secret-key" not in [one.id for one in check(first)]
    assert "secret-key" in [one.id for one in check(second)]


def test_good_project_is_silent(tmp_path: Path) -> None:
    """A good project only has two notes on Celery, which are up to the project."""
    root = repository(tmp_path / "shop").root

    assert sorted(one.id for one in check(root)) == ["task-acks-early", "task-time-limit"]


def test_every_kind_is_tested() -> None:
    """Each kind has a bad and a good project, or a test of its own in this folder."""
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    kinds = [kind.id for kinds in KINDS.values() for kind in kinds]

    assert len(kinds) == len(set(kinds))
    assert [
        id_ for id_ in kinds if id_ not in CASES and f'"{id_}"' not in tests and f"[{id_}]" not in tests
    ] == []
