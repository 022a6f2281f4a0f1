"""Six projects after the shapes of real ones, before and after their settings module for Kubernetes.

The projects are in ``projects``. Every setting that changes is in ``changes.md``; after a change on purpose,
write it anew with ``python tests/overlay/test_projects.py``.
"""

from __future__ import annotations

import json
import sys
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import django
import pytest
from support.process import environment, run

HERE = Path(__file__).resolve().parent
PROJECTS = HERE / "projects"
LOADED = HERE.parent / "support" / "loaded.py"
KEY = "the-key-of-the-secret-" * 3
MAIL = "smtp+tls://mailer:mail-secret@mail.internal:587"


class Project(NamedTuple):
    """The modules of a project, and the variables that both need in production."""

    before: str
    after: str
    environ: dict[str, str]


# What the chart gives to every pod.
PLATFORM = {
    "ALLOWED_HOSTS": "www.example.com,.example.org",
    "ENVIRONMENT": "production",
    "LOG_FORMAT": "json",
    "MEDIA_ROOT": "/media",
    "REDIS_URL": "redis://redis.internal:6379/0",
    "SECRET_KEY": KEY,
    "STATIC_ROOT": "/opt/static",
    "TRUSTED_PROXIES": "10.0.0.0/8",
}
ALL = {
    "compose": Project(
        "config.settings",
        "config.settings_kubernetes",
        {"POSTGRES_HOST": "db.internal", "POSTGRES_PASSWORD": "db-secret"},
    ),
    "split": Project(
        "config.settings.production",
        "config.settings.kubernetes",
        {
            "DATABASE_URL": "postgres://app:db-secret@db.internal:5432/split",
            "DJANGO_ADMIN_URL": "manage/",
            "DJANGO_SECRET_KEY": "s" * 60,
            "HSTS_SECONDS": "7200",
        },
    ),
    "monitor": Project(
        "monitor.settings",
        "monitor.settings_kubernetes",
        {
            "DB": "postgres",
            "DB_HOST": "db.internal",
            "DB_PASSWORD": "db-secret",
            "EMAIL_URL": MAIL,
            "MONITOR_DEBUG": "False",
        },
    ),
    "pages": Project(
        "pages.settings.production",
        "pages.settings.kubernetes",
        {
            "DATABASE_URL": "postgres://app:db-secret@db.internal:5432/pages",
            "DJANGO_SECRET_KEY": "p" * 60,
            "EMAIL_URL": MAIL,
            "STATIC_CDN_URL": "https://cdn.example.net",
        },
    ),
    "sites": Project(
        "sites.settings.prod",
        "sites.settings.kubernetes",
        {
            "DATABASE_URL": "postgres://app:db-secret@db.internal:5432/www",
            "EMAIL_URL": MAIL,
            "SITES_DB_NAME": "sites",
            "TRAC_DATABASE_URL": "postgres://trac:trac-secret@trac.internal:5432/trac",
        },
    ),
    "shop": Project(
        "settings",
        "settings_kubernetes",
        {
            "DATABASE_ENGINE": "django.db.backends.postgresql",
            "DATABASE_HOST": "db.internal",
            "DATABASE_NAME": "shop",
            "DATABASE_PASSWORD": "db-secret",
            "DATABASE_USER": "shop",
            "SHOP_DEBUG": "false",
        },
    ),
}

# What a project decides and no environment replaces.
KEPT = {
    "TIME_ZONE", "USE_TZ", "LANGUAGE_CODE", "SESSION_ENGINE", "DATABASE_ROUTERS", "ROOT_URLCONF", "WSGI_APPLICATION",
    "TEMPLATES", "STATICFILES_DIRS", "STATICFILES_FINDERS", "MEDIA_URL", "ADMINS", "ADMIN_URL",
    "DEFAULT_FROM_EMAIL", "SERVER_EMAIL", "EMAIL_SUBJECT_PREFIX", "EMAIL_TIMEOUT", "SILENCED_SYSTEM_CHECKS",
    "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD", "SECURE_REFERRER_POLICY", "SESSION_COOKIE_NAME",
    "CSRF_COOKIE_NAME", "WHITENOISE_MAX_AGE", "COMPRESS_OFFLINE", "CACHE_MIDDLEWARE_SECONDS", "SITE_ROOT", "SEARCH",
    "CELERY_TIMEZONE", "CELERY_RESULT_BACKEND", "CELERY_RESULT_EXTENDED", "CELERY_RESULT_BACKEND_MAX_RETRIES",
    "CELERY_ACCEPT_CONTENT", "CELERY_TASK_SERIALIZER", "CELERY_RESULT_SERIALIZER", "CELERY_TASK_TIME_LIMIT",
    "CELERY_TASK_SOFT_TIME_LIMIT", "CELERY_TASK_ROUTES", "CELERY_BEAT_SCHEDULE", "CELERY_BEAT_SCHEDULER", "CELERY_WORKER_SEND_TASK_EVENTS",
    "CELERY_TASK_SEND_SENT_EVENT", "CELERY_BROKER_URL",
}  # fmt: skip
# The same, of an alias or a logger.
KEPT_KEYS = {
    "DATABASES": ("ENGINE", "ATOMIC_REQUESTS", "TEST", "DISABLE_SERVER_SIDE_CURSORS"),
    "CACHES": ("BACKEND", "TIMEOUT", "KEY_PREFIX", "VERSION"),
    "STORAGES": ("OPTIONS",),
}


@pytest.fixture(scope="module")
def mypy_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where mypy keeps what it knows of libraries; the projects have modules of the same names."""
    return tmp_path_factory.mktemp("mypy")


@cache
def loaded(name: str, module: str) -> dict[str, Any]:
    """The settings of a module of the project ``name``, in production."""
    env = environment(**PLATFORM, **ALL[name].environ, DJANGO_SETTINGS_MODULE=module)
    result = run([sys.executable, str(LOADED)], env, PROJECTS / name)
    assert result.returncode == 0, result.stderr
    return json.loads(result.stdout.splitlines()[-1])


def before_and_after(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of the project without and with its module for Kubernetes."""
    project = ALL[name]
    modules = (project.before, project.after)
    before, after = (dict(loaded(name, module)["settings"]) for module in modules)
    return before, after


@pytest.mark.parametrize("name", ALL)
def test_what_the_project_decides_stays(name: str) -> None:
    """Time zone, serializers, routes, results, senders, paths, aliases, TEST, loggers and levels are the project's."""
    before, after = before_and_after(name)
    kept = {setting: value for setting, value in before.items() if setting in KEPT}

    assert len(kept) > 5
    assert {setting: after[setting] for setting in kept} == kept
    for setting, keys in KEPT_KEYS.items():
        for alias, value in before.get(setting, {}).items():
            same = {key: value[key] for key in keys if key in value}
            assert {key: after[setting][alias][key] for key in same} == same


@pytest.mark.parametrize("name", ALL)
def test_options_of_databases_and_caches_stay(name: str) -> None:
    """Every option of the project is an option afterwards, with the project's value."""
    before, after = before_and_after(name)
    for setting in ("DATABASES", "CACHES"):
        for alias, value in before.get(setting, {}).items():
            own, found = value.get("OPTIONS", {}), after[setting][alias].get("OPTIONS", {})
            assert [key for key in own if key not in found] == []
            assert [
                key for key in own if str(own[key]) not in str(found[key]) and key != "CONNECTION_POOL_KWARGS"
            ] == []


@pytest.mark.parametrize("name", ALL)
def test_loggers_stay(name: str) -> None:
    """Each logger has its handlers, level and propagate; a handler its level and filters."""
    before, after = (settings.get("LOGGING", {}) for settings in before_and_after(name))
    for logger, value in before.get("loggers", {}).items():
        assert after["loggers"][logger] == value
    for handler, value in before.get("handlers", {}).items():
        assert after["handlers"][handler].get("level") == value.get("level")
        assert after["handlers"][handler].get("filters", [])[: len(value.get("filters", []))] == value.get(
            "filters", []
        )
    assert after["root"].get("level", "WARNING") == before.get("root", {"level": "INFO"}).get(
        "level", "WARNING"
    )


@pytest.mark.parametrize("name", ALL)
def test_middleware_keeps_its_order(name: str) -> None:
    """Ours is first and after SecurityMiddleware; WhiteNoise's is gone; the others are as before."""
    before, after = (settings["MIDDLEWARE"] for settings in before_and_after(name))

    assert after[0] == "django_k8s.middleware.KubernetesMiddleware"
    security = after.index("django.middleware.security.SecurityMiddleware")
    assert after[security + 1] == "django_k8s.middleware.StaticFilesMiddleware"
    assert [entry for entry in after if not entry.startswith("django_k8s.")] == [
        entry for entry in before if not entry.startswith("whitenoise.")
    ]


@pytest.mark.parametrize("name", ALL)
def test_nothing_else_changes(name: str) -> None:
    """Each difference is one that ``changes.md`` shows."""
    assert table(name) in (HERE / "changes.md").read_text()


@pytest.mark.parametrize("name", ALL)
def test_the_site_starts(name: str) -> None:
    """The gate opens, and the middleware answers a probe under any host name."""
    assert loaded(name, ALL[name].after)["livez"] == 200


@pytest.mark.parametrize("name", ["monitor", "sites"])
def test_mail(name: str) -> None:
    """EMAIL_URL says where mail goes, on Django 6.1 by MAILERS and before by EMAIL_BACKEND; other mailers stay."""
    before, after = before_and_after(name)
    if django.VERSION >= (6, 1):
        assert after["MAILERS"]["default"]["OPTIONS"]["host"] == "mail.internal"
        assert {**after["MAILERS"], "default": {}} == {**before["MAILERS"], "default": {}}
    else:
        assert after["EMAIL_BACKEND"] == "django_k8s.mail.EmailBackend"


def test_mail_of_the_project() -> None:
    """Without EMAIL_URL, mail is sent as the project has it."""
    assert before_and_after("split")[1]["EMAIL_BACKEND"] == "anymail.backends.mailgun.EmailBackend"


@pytest.mark.parametrize("name", ALL)
def test_ruff(name: str) -> None:
    """The module for Kubernetes is clean under ruff's default rules."""
    module = f"{ALL[name].after.replace('.', '/')}.py"
    result = run(
        [sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache", module],
        environment(),
        PROJECTS / name,
    )

    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize("name", ALL)
def test_mypy(name: str, mypy_cache: Path) -> None:
    """The module for Kubernetes is clean under mypy --strict."""
    module = f"{ALL[name].after.replace('.', '/')}.py"
    options = [
        "--strict",
        "--config-file=",
        f"--cache-dir={mypy_cache}",
        "--follow-imports=silent",
        "--explicit-package-bases",
    ]
    result = run(
        [sys.executable, "-m", "mypy", *options, module], environment(), PROJECTS / name, timeout=300
    )

    assert result.returncode == 0, result.stdout


EFFECTIVE = """
import django, json
django.setup()
from config import celery_app
conf = celery_app.conf
names = {names}
print(json.dumps({{name: conf[name] for name in names}}))
"""


def test_what_celery_makes_of_it() -> None:
    """Celery's application has every value of the project, and below them how the broker's connection fails."""
    before, _ = before_and_after("split")
    own = {
        name.removeprefix("CELERY_").lower(): value
        for name, value in before.items()
        if name.startswith("CELERY_")
    }
    env = environment(**PLATFORM, **ALL["split"].environ, DJANGO_SETTINGS_MODULE=ALL["split"].after)
    names = [
        *own,
        "broker_transport_options",
        "broker_connection_retry_on_startup",
        "worker_prefetch_multiplier",
    ]
    result = run([sys.executable, "-c", EFFECTIVE.format(names=names)], env, PROJECTS / "split")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout.splitlines()[-1])

    assert len(own) > 10
    assert {name: found[name] for name in own} == own
    assert found["broker_transport_options"]["socket_timeout"] == 5
    assert found["broker_connection_retry_on_startup"] is True
    assert found["worker_prefetch_multiplier"] == 1


# The table


def parts(name: str, value: Any, depth: int = 2) -> dict[str, Any]:
    """The parts of a setting by dotted names, such as ``DATABASES.default.OPTIONS``."""
    if not isinstance(value, dict) or not value or not depth:
        return {name: value}
    return {
        key: part for item in value for key, part in parts(f"{name}.{item}", value[item], depth - 1).items()
    }


def differences(name: str) -> dict[str, tuple[str, str]]:
    """What changes, by name: before and after, empty for what is not set."""
    before, after = before_and_after(name)
    for settings in (before, after):
        for version in ("MAILERS", "EMAIL_BACKEND"):  # they depend on Django's; see test_mail
            settings.pop(version, None)
    # Two results, which have tests of their own.
    shown = {key: f"({key})" for key in ("CELERY", "DJANGO_K8S") if key in after}
    left, right = (
        {key: part for setting in settings for key, part in parts(setting, settings[setting]).items()}
        for settings in (before, after | shown)
    )
    changed = {key: (left.get(key, ""), right.get(key, "")) for key in [*left, *right]}
    return {key: _shown(*values) for key, values in changed.items() if values[0] != values[1]}


def _shown(before: Any, after: Any) -> tuple[str, str]:
    if isinstance(before, list) and isinstance(after, list):
        common = [item for item in before if item in after]
        before, after = (
            [
                item
                for same, group in groupby(side, common.__contains__)
                for item in (["…"] if same else group)
            ]
            for side in (before, after)
        )
    return _cell(before), _cell(after)


def _cell(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False).replace(str(PROJECTS), "/srv").replace("|", "\\|")
    return "" if value == "" else f"`{text}`"


def table(name: str) -> str:
    """The section of ``changes.md`` for one project."""
    rows = [f"| `{key}` | {before} | {after} |" for key, (before, after) in differences(name).items()]
    return "\n".join([f"## {name}", "", "| setting | before | after |", "|---|---|---|", *rows, ""])


def main() -> None:
    """Write ``changes.md``."""
    head = (
        "# What the overlay changes in six projects\n\nWritten by `python tests/overlay/test_projects.py`.\n"
    )
    (HERE / "changes.md").write_text("\n".join([head, *(table(name) for name in ALL)]))


if __name__ == "__main__":
    main()
