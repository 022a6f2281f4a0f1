"""DJANGO_K8S: the library's configuration, and the report of everything that is wrong."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from django_k8s import Env, conf
from django_k8s import settings as k8s
from django_k8s.environment import startup
from django_k8s.environment.variables import VARIABLES

PRODUCTION = {"SECRET_KEY": "k" * 50, "ALLOWED_HOSTS": "example.com", "DATABASE_URL": "postgres://u:p@h/n"}


def report(capsys: pytest.CaptureFixture[str], **values: str) -> str:
    """What k8s.config prints before it exits with 78."""
    with pytest.raises(SystemExit) as end:
        k8s.config(Env(environ={"DEBUG": "true", **values}))
    assert end.value.code == 78
    return capsys.readouterr().err


def test_values() -> None:
    """Each field has the value of its variable, in a type that cannot be changed."""
    config = k8s.config(
        Env(
            environ={
                **PRODUCTION,
                "READINESS_CHECKS": "database,cache",
                "METRICS": "true",
                "TRUSTED_PROXIES": "10.1.2.3/8",
            }
        )
    )

    assert config.readiness_checks == ("database", "cache")
    assert config.metrics is True
    assert config.trusted_proxies == ("10.0.0.0/8",)
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.metrics = False  # type: ignore[misc]


def test_defaults_are_those_of_the_table() -> None:
    """A default is written in two places, and both say the same."""
    defaults = conf.Config()
    for field in dataclasses.fields(conf.Config):
        variable = VARIABLES.get(field.name.upper())
        if variable and variable.default is not None:
            assert getattr(defaults, field.name) == variable.default, field.name


def test_no_secret_in_its_repr() -> None:
    """Django's debug page prints a dataclass unmasked."""
    config = k8s.config(
        Env(
            environ={
                **PRODUCTION,
                "HEALTH_TOKEN": "hunter2-token",
                "DATABASE_DIRECT_URL": "postgres://u:hunter2-direct@h/n",
                "EMAIL_URL": "smtp://u:hunter2-mail@h",
            }
        )
    )

    assert config.mailer["OPTIONS"]["password"] == "hunter2-mail"
    assert "hunter2" not in repr(config) + str(config)


def test_a_project_may_fix_values() -> None:
    """Keyword arguments win over the environment."""
    config = k8s.config(
        Env(environ={**PRODUCTION, "READINESS_CHECKS": "cache"}), readiness_checks=("broker",)
    )

    assert config.readiness_checks == ("broker",)
    with pytest.raises(TypeError):
        k8s.config(Env(environ=PRODUCTION), readyness_checks=())


def test_override_settings() -> None:
    """Tests of a project may replace it."""
    with override_settings(DJANGO_K8S=dataclasses.replace(settings.DJANGO_K8S, release="from-a-test")):
        assert conf.current().release == "from-a-test"
    assert conf.current().release != "from-a-test"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"WEB_GRACE_SECONDS": "10", "DRAIN_SECONDS": "5"},
            "WEB_GRACE_SECONDS: is too short: no time is left for running requests. Set it to more than DRAIN_SECONDS + 5.",
        ),
        (
            {"METRICS": "true", "METRICS_LINGER_SECONDS": "16", "WORKER_GRACE_SECONDS": "20"},
            "WORKER_GRACE_SECONDS: is too short: no time is left for running tasks. Set it to more than METRICS_LINGER_SECONDS + 10.",
        ),
        ({"READINESS_PAGE": "start"}, "READINESS_PAGE: does not begin with a slash"),
        ({"TRUSTED_PROXIES": "ingress"}, "TRUSTED_PROXIES: has an item"),
        ({"EMAIL_URL": "mail://h"}, "EMAIL_URL: has an unknown scheme"),
    ],
    ids=["web", "worker", "page", "proxies", "mail"],
)
def test_mistakes(capsys: pytest.CaptureFixture[str], values: dict[str, str], expected: str) -> None:
    """What no settings function looks at is checked here; the arithmetic of a stop is part of it."""
    assert expected in report(capsys, **values)


def test_a_linger_without_metrics_counts_for_nothing() -> None:
    """METRICS_LINGER_SECONDS has an effect only with METRICS."""
    values: dict[str, Any] = {"METRICS_LINGER_SECONDS": "60", "WORKER_GRACE_SECONDS": "20"}
    k8s.config(Env(environ={**PRODUCTION, **values}))


def test_debug_mode_says_what_it_uses(capsys: pytest.CaptureFixture[str]) -> None:
    """One line names the defaults that production does not have."""
    env = Env(environ={"DEBUG": "true", "CACHE_URL": "dummycache://"})
    k8s.secret_key(env), k8s.allowed_hosts(env), k8s.database(env), k8s.cache(env), k8s.mailers(env)
    k8s.config(env)

    assert capsys.readouterr().err == (
        "Debug mode uses built-in defaults for SECRET_KEY, ALLOWED_HOSTS, DATABASE_URL (SQLite in db.sqlite3), "
        "EMAIL_URL (mail is printed).\n"
    )


def test_debug_mode_is_silent_about_mail_of_the_project(capsys: pytest.CaptureFixture[str]) -> None:
    """Debug mode reports no default for mail if the project does not call k8s.mailers."""
    k8s.config(Env(environ={"DEBUG": "true"}))

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("debug", True), ("build_phase", True), ("metrics", True), ("stall_seconds", 30), ("role", "web")],
)
def test_what_cannot_be_set_in_code(capsys: pytest.CaptureFixture[str], keyword: str, value: Any) -> None:
    """Variables that servers read cannot be set in code, because servers would use another value."""
    with pytest.raises(SystemExit):
        k8s.config(Env(environ=PRODUCTION), **{keyword: value})

    assert f"{keyword.upper()}: cannot be set in code" in capsys.readouterr().err


def test_a_page_set_in_code_is_a_path(capsys: pytest.CaptureFixture[str]) -> None:
    """The keyword is looked at like the variable."""
    with pytest.raises(SystemExit):
        k8s.config(Env(environ=PRODUCTION), readiness_page="start")

    assert "READINESS_PAGE: does not begin with a slash" in capsys.readouterr().err


def test_startup_variable_that_changed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What a project's read_env() writes into os.environ comes too late for servers, and is reported."""
    before = startup.env()
    monkeypatch.setenv("WEB_THREADS", "3")
    k8s.config(Env(tmp_path))

    assert before.int("WEB_THREADS") != 3
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("warning: WEB_THREADS: has changed since this process started")


def test_production_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """A complete configuration prints nothing."""
    k8s.config(Env(environ=PRODUCTION))

    assert capsys.readouterr().err == ""


def test_production_has_no_built_in_value() -> None:
    """A forgotten last line leaves no key, no host and no database behind."""
    env = Env(environ={})

    assert k8s.secret_key(env) == ""
    assert k8s.allowed_hosts(env) == []
    assert k8s.database(env) == {"ENGINE": "django.db.backends.dummy"}
    assert k8s.mailers(env)["default"]["BACKEND"] == "django_k8s.mail.MissingBackend"


def test_variables_of_another_set_up() -> None:
    """Names that have no effect are kept for the system check, unless the project reads them."""
    env = Env(environ={**PRODUCTION, "POSTGRES_DB": "shop", "DJANGO_SECRET_KEY": "x", "REDIS_HOST": "r"})
    env.str("REDIS_HOST")
    link = {"POSTGRES_PORT": "tcp://10.0.0.1:5432"}  # which Kubernetes sets for a Service

    assert k8s.config(env).without_effect == ("DJANGO_SECRET_KEY", "POSTGRES_DB")
    assert k8s.config(Env(environ={**PRODUCTION, **link})).without_effect == ()


def test_secrets_that_are_common_words() -> None:
    """Their names are kept for a check; they cannot be masked."""
    values = {
        "DATABASE_PASSWORD": "Postgres",
        "REDIS_URL": "redis://:django@h/0",
        "EMAIL_URL": "smtp+tls://sender:sender@h",
        "CELERY_RESULT_BACKEND": "django-db",
        "SECRET_KEY_FALLBACKS": f"{'k' * 50},secret",
    }
    config = k8s.config(Env(environ={**PRODUCTION, "CELERY_BROKER_URL": "amqp://u:x8Hq20pz@h//", **values}))
    assert sorted(config.common_secrets) == sorted(values.keys() - {"CELERY_RESULT_BACKEND"})
