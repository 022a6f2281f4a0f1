"""The system checks: each mistake has a number, and a right configuration has none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core import checks as framework
from django.test import override_settings

from django_k8s import checks as ours
from django_k8s.rules import RULES

GOOD: dict[str, Any] = {
    "DEBUG": False,
    "SECRET_KEY": "k" * 60,
    "ALLOWED_HOSTS": ["example.com"],
    "CSRF_TRUSTED_ORIGINS": ["https://example.com"],
    "TRUSTED_PROXIES": ["10.0.0.0/8"],
    "SESSION_COOKIE_SECURE": True,
    "MIDDLEWARE": [ours.HEALTH, ours.REQUEST_ID, ours.METRICS, ours.PROXY, ours.SECURITY, ours.STATIC],
    "DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60}},
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}},
    "STORAGES": {
        "default": {"BACKEND": "django_k8s.storage.S3Media"},
        "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
    },
    "STATIC_ROOT": None,
    "SESSION_ENGINE": "django.contrib.sessions.backends.db",
    "CELERY_BROKER_URL": "redis://h/0",
    "CELERY_BROKER_TRANSPORT_OPTIONS": {"socket_timeout": 10, "visibility_timeout": 3600},
    "MAILERS": {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend"}},
}
LOCAL_MEMORY = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


def found(**changes: Any) -> set[str]:
    """The numbers of our messages for the good configuration with ``changes``."""
    with override_settings(**{**GOOD, **changes}):
        messages = framework.run_checks(include_deployment_checks=True)
    return {
        str(message.id).removeprefix("django_k8s.")
        for message in messages
        if str(message.id).startswith("django_k8s.")
    }


def storages(alias: str, backend: str) -> dict[str, Any]:
    return {**GOOD["STORAGES"], alias: {"BACKEND": backend}}


def test_good_configuration_has_no_messages() -> None:
    """Nothing is reported that needs no change."""
    assert found() == set()


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        pytest.param("E001", {"MIDDLEWARE": [ours.SECURITY, ours.STATIC]}, id="E001"),
        pytest.param("E002", {"MIDDLEWARE": [ours.PROXY, ours.HEALTH, ours.SECURITY, ours.STATIC]}, id="E002"),
        pytest.param("E003", {"MIDDLEWARE": [ours.HEALTH, ours.SECURITY, ours.PROXY, ours.STATIC]}, id="E003 proxy"),
        pytest.param("E003", {"MIDDLEWARE": [ours.HEALTH, ours.WHITENOISE, ours.SECURITY]}, id="E003 WhiteNoise"),
        pytest.param("E004", {"MIDDLEWARE": [ours.HEALTH, ours.SECURITY, ours.STATIC, ours.PROXY]}, id="E004"),
        pytest.param("E005", {"K8S_READINESS_CHECKS": ["database", "databse"]}, id="E005 misspelt"),
        pytest.param("E006", {"K8S_LIVENESS_CHECKS": ["database"]}, id="E006"),
        pytest.param("E007", {"K8S_STALL_SECONDS": 60}, id="E007 stall"),
        pytest.param("E008", {"DATABASES": {"default": {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": 60, "OPTIONS": {"pool": {"max_size": 4}}}}}, id="E008"),
        pytest.param("E009", {"STATICFILES_STORAGE": "x"}, id="E009"),
        pytest.param("E010", {"MIDDLEWARE": [ours.HEALTH, ours.SECURITY, ours.STATIC, ours.METRICS]}, id="E010"),
        pytest.param("W001", {"SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"), "TRUSTED_PROXIES": []}, id="W001"),
        pytest.param("W002", {"TRUSTED_PROXIES": ["*"]}, id="W002"),
        pytest.param("W003", {"TRUSTED_PROXIES": [], "CSRF_TRUSTED_ORIGINS": []}, id="W003"),
        pytest.param("W004", {"ALLOWED_HOSTS": ["*"]}, id="W004"),
        pytest.param("W005", {"DATABASES": {"default": {"ENGINE": "django.db.backends.sqlite3"}}}, id="W005"),
        pytest.param("W006", {"CACHES": LOCAL_MEMORY}, id="W006"),
        pytest.param("W007", {"STORAGES": storages("default", "django.core.files.storage.FileSystemStorage")}, id="W007"),
        pytest.param("W008", {"SESSION_ENGINE": "django.contrib.sessions.backends.file"}, id="W008"),
        pytest.param("W009", {"SESSION_ENGINE": "django.contrib.sessions.backends.cache", "CACHES": LOCAL_MEMORY}, id="W009"),
        pytest.param("W010", {"CELERY_BROKER_URL": "filesystem://"}, id="W010"),
        pytest.param("W011", {"STORAGES": storages("staticfiles", "django.contrib.staticfiles.storage.StaticFilesStorage")}, id="W011"),
        pytest.param("W012", {"STATIC_ROOT": "/nowhere"}, id="W012"),
        pytest.param("W014", {"CELERY_BROKER_TRANSPORT_OPTIONS": {}}, id="W014"),
        pytest.param("W015", {"CELERY_TASK_TIME_LIMIT": 7200}, id="W015"),
        pytest.param("W017", {"K8S_METRICS": True, "MIDDLEWARE": [ours.HEALTH]}, id="W017"),
        pytest.param("W018", {"K8S_LOG_FORMAT": "json", "LOGGING": {"version": 1}}, id="W018"),
        pytest.param("W016", {"MAILERS": {"default": {"BACKEND": "django.core.mail.backends.console.EmailBackend"}}}, id="W016"),
        pytest.param("E007", {"K8S_DATABASE_LOCK_TIMEOUT_SECONDS": 0}, id="E007 lock"),
        pytest.param("E007", {"K8S_DATABASE_STATEMENT_TIMEOUT_SECONDS": 0}, id="E007 statement"),
        pytest.param("E005", {"K8S_READINESS_CHECKS": ["django_k8s.__version__"]}, id="E005 not callable"),
        pytest.param("W019", {"K8S_DATABASE_PGBOUNCER": True}, id="W019"),
    ],
)  # fmt: skip
def test_mistake(number: str, changes: dict[str, Any]) -> None:
    """Each mistake is reported under its number."""
    assert number in found(**changes)


def test_keys_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Static AWS keys next to S3 media are reported, and not printed."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAHUNTER2")

    assert "W013" in found()


def test_warnings_are_for_deployments() -> None:
    """In debug mode nobody is told about local memory."""
    changes = {"DEBUG": True, "CACHES": LOCAL_MEMORY, "ALLOWED_HOSTS": ["*"]}

    assert found(**changes) == set()


def test_every_number_is_tested_and_used() -> None:
    """A rule without a case above, or without a check, would be a promise without proof."""
    source = Path(ours.__file__).read_text()
    tests = Path(__file__).read_text()

    assert [number for number in RULES if f'"{number}"' not in tests] == []
    assert [number for number in RULES if f'"{number}"' not in source] == []
